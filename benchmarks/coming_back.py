"""The coming-back page among many learners: each of its lists, and a press for five hundred.

    .venv/bin/python benchmarks/coming_back.py [--learners 20000] [--database both]

Makes a database in a temporary folder with that many people whose series ended in the last months,
three attendances and ten observations of each, and one open class; then times what each list of the
page asks, with its number of queries. Stops by itself.
"""

import argparse
import datetime
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import reminders, search  # noqa: E402 - the folder above is not on the path before

BATCH = 500
PRESSED = 500
OBSERVATIONS = 10


def fill(learners: int, now: datetime.datetime) -> None:
    """Seats of series that ended, who came, and what was seen of them."""
    from django.db import connection

    from classes.models import Attendance, Enrollment, Lesson
    from skill_levels.models import Assessment, Competency

    day = datetime.timedelta(days=1)
    reminders.fill(learners, now - 60 * day)
    chance = random.Random(20261127)
    lessons: dict[int, list[Lesson]] = {}
    for lesson in Lesson.objects.order_by("number"):
        lessons.setdefault(lesson.class_session_id, []).append(lesson)
    Attendance.objects.bulk_create(
        (
            Attendance(
                enrollment=seat,
                lesson=lesson,
                status=chance.choices(["present", "absent", "told"], [8, 1, 1])[0],
                marked_at=lesson.starts_at,
            )
            for seat in Enrollment.objects.iterator()
            for lesson in lessons[seat.class_session_id]
        ),
        batch_size=BATCH,
    )
    taught = list(Competency.objects.current()[:OBSERVATIONS])
    Assessment.objects.bulk_create(
        (
            Assessment(
                learner_id=learner,
                competency=competency,
                competency_version=competency.current,
                value=chance.choice([2, 3, 3, 4]),
                observed_at=now - 45 * day,
                recorded_at=now - 45 * day,
                client_uuid=uuid.UUID(int=chance.getrandbits(128)),
            )
            for learner in Enrollment.objects.values_list("application__learner", flat=True)
            for competency in taught
        ),
        batch_size=BATCH,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def timed(what: str, ask: Callable[[], object]) -> None:
    """Say how long it took, the quicker of two, and how many queries it asked."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    took = []
    for _ in range(2):
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as queries:
            ask()
        took.append(time.perf_counter() - began)
    print(f"  {what}: {min(took):.2f} s, {len(queries)} queries", flush=True)


def measure_here(learners: int) -> None:
    """Fill and time."""
    from classes import coming_back, coming_back_people, invitations, return_rate
    from tests import factories
    from tests.factories import tokyo

    now = tokyo(2026, 11, 27, 12)
    fill(learners, now)
    factories.class_session(
        capacity=20,
        intake=factories.intake(
            opens_at=now - datetime.timedelta(days=2), closes_at=now + datetime.timedelta(days=20)
        ),
        lessons=[now + datetime.timedelta(days=30)],
    )
    found = coming_back.slipping(now=now)
    print(f"  {learners:,} learners, {len(found):,} of them slipping away")
    timed("who is slipping", lambda: coming_back.slipping(now=now))
    timed("one page of them", lambda: coming_back_people.people(found[:50], now=now))
    timed("who came back", lambda: return_rate.returned(now=now))
    timed("return rate", lambda: return_rate.by_level(now=now))
    timed("how it was told", lambda: coming_back.told(now=now))
    pks = [each.learner_pk for each in found[:PRESSED]]
    timed(f"preview for {PRESSED}", lambda: invitations.prepare(pks, now=now))
    timed(f"a press for {PRESSED}", lambda: invitations.send(pks, now=now))


def measure(name: str, url: str, learners: int) -> bool:
    """One database in a process of its own."""
    print(name, flush=True)
    command = [
        sys.executable, str(Path(__file__).resolve()),
        "--measure", url, "--learners", str(learners),
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=20_000)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        search.prepare(arguments.measure)
        measure_here(arguments.learners)
        return 0
    ok = True
    if arguments.database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="desk-coming-back-") as folder:
            url = f"sqlite:///{folder}/coming_back.sqlite3"
            ok &= measure("SQLite", url, arguments.learners)
    if arguments.database in ("postgres", "both"):
        from tests import postgres

        with postgres.private_cluster() as url:
            ok &= measure("PostgreSQL", url, arguments.learners)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
