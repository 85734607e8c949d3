"""A draw among many: the whole command against loading and inserting the same rows without it.

    .venv/bin/python benchmarks/draw.py [--applicants 100000] [--classes 2000] [--database both]

Makes a database in a temporary folder with that many applicants of three choices each, freezes the
list, draws (the whole command, notices and events included), and then, in the same run, empties
what the draw wrote and writes the very same rows anew: a bare load of the applications and
`bulk_create`. Prints both, their ratio (aim: at most 3), ranking and walk alone in parties a
second, and the peak memory. Stops by itself.
"""

import argparse
import datetime
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import search  # noqa: E402 - the folder above is not on the path before

AIM = 3.0
BATCH = 2_000


def fill(applicants: int, classes: int) -> Any:
    """An intake whose reception closed yesterday, in bulk. Returns it and a coordinator."""
    from django.utils import timezone

    from classes.models import (
        Application,
        Choice,
        ClassSession,
        Course,
        Intake,
        Lesson,
        Party,
        Venue,
    )
    from skill_levels.models import SkillLevel
    from staff.models import StaffMember

    search.fill(applicants)
    now = timezone.now()
    day = datetime.timedelta(days=1)
    chance = random.Random(20261123)
    intake = Intake.objects.create(
        code="2026-10",
        title="10月募集",
        spoken_name="10月",
        opens_at=now - 10 * day,
        closes_at=now - day,
        method=Intake.Method.LOTTERY,
        reference_date=now.date(),
        next_receipt=applicants + 1,
    )
    venue = Venue.objects.create(name="会場", short_name="会場")
    level = SkillLevel.objects.order_by("number")[0]
    course = Course.objects.create(name="ニュース", short_name="ニュース", level=level)
    sessions = ClassSession.objects.bulk_create(
        ClassSession(intake=intake, course=course, venue=venue, code=f"C{number:04d}", capacity=20)
        for number in range(classes)
    )
    Lesson.objects.bulk_create(
        Lesson(
            class_session=session,
            number=1,
            venue=venue,
            starts_at=now + 20 * day,
            ends_at=now + 20 * day + datetime.timedelta(hours=2),
        )
        for session in sessions
    )
    parties = Party.objects.bulk_create(
        (Party(intake=intake) for _ in range(applicants)), batch_size=BATCH
    )
    Application.objects.bulk_create(
        (
            Application(
                intake=intake,
                party=party,
                learner_id=number,
                number=number,
                received_at=now - 5 * day,
                registered_at=now - 5 * day,
            )
            for number, party in enumerate(parties, start=1)
        ),
        batch_size=BATCH,
    )
    Choice.objects.bulk_create(
        (
            Choice(party=party, class_session=session, rank=rank)
            for party in parties
            for rank, session in enumerate(chance.sample(sessions, 3), start=1)
        ),
        batch_size=BATCH,
    )
    return intake, StaffMember.objects.create_user(username="draws", name="draws")


def bare(intake: Any) -> float:
    """Load the applications, then write the rows of the draw once more without drawing."""
    from django.db import transaction

    from classes.models import (
        Application,
        CallTask,
        Enrollment,
        Notice,
        PlaceEvent,
        WaitlistEntry,
    )

    models: tuple[Any, ...] = (Enrollment, WaitlistEntry, PlaceEvent, Notice, CallTask)
    kept = [list(model.objects.all()) for model in models]
    with transaction.atomic():
        for model in reversed(models):
            model.objects.all()._raw_delete(model.objects.db)
    began = time.perf_counter()
    with transaction.atomic():
        list(Application.objects.filter(intake=intake).select_related("learner"))
        for model, rows in zip(models, kept, strict=True):
            model.objects.bulk_create(rows, batch_size=BATCH)
    return time.perf_counter() - began


def measure_here(applicants: int, classes: int) -> bool:
    """Fill, freeze, draw, and do the same without drawing; whether the aim was reached."""
    from django.utils import timezone

    from classes.lottery import draw, freezing, proof, ranking
    from classes.models import LotteryDraw

    intake, who = fill(applicants, classes)
    now = timezone.now()
    began = time.perf_counter()
    run = freezing.freeze(intake.pk, by=who, now=now)
    froze = time.perf_counter() - began
    draw.fix_seed(
        run.pk, seed="426135", source=LotteryDraw.SeedSource.DICE, note="", by=who, now=now
    )
    drawing = proof.drawing_of(draw.list_of(run))
    began = time.perf_counter()
    ranking.draw(drawing, "426135")
    walked = time.perf_counter() - began
    began = time.perf_counter()
    draw.run(run.pk, by=who, now=now)
    drew = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    without = bare(intake)
    ratio = drew / without
    print(
        f"  {applicants:,} applicants, 3 choices, {classes:,} classes: freezing {froze:.1f} s, "
        f"the whole draw {drew:.1f} s, the same rows without it {without:.1f} s, "
        f"ratio {ratio:.2f}\n"
        f"  ranking and walk alone {walked:.2f} s ({applicants / walked:,.0f} parties/s); "
        f"peak memory up to the draw's end {peak:,.0f} MB"
    )
    return ratio <= AIM


def measure(name: str, url: str, applicants: int, classes: int) -> bool:
    """One database in a process of its own."""
    print(name, flush=True)
    command = [
        sys.executable, str(Path(__file__).resolve()),
        "--measure", url, "--applicants", str(applicants), "--classes", str(classes),
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Measure what was asked for; 1 where the ratio is above the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applicants", type=int, default=100_000)
    parser.add_argument("--classes", type=int, default=2_000)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        search.prepare(arguments.measure)
        return 0 if measure_here(arguments.applicants, arguments.classes) else 1
    ok = True
    if arguments.database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="desk-draw-") as folder:
            url = f"sqlite:///{folder}/draw.sqlite3"
            ok &= measure("SQLite", url, arguments.applicants, arguments.classes)
    if arguments.database in ("postgres", "both"):
        from tests import postgres

        with postgres.private_cluster() as url:
            ok &= measure("PostgreSQL", url, arguments.applicants, arguments.classes)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
