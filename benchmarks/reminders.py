"""Planning a day's reminders for many seats, against inserting the same rows without planning.

    .venv/bin/python benchmarks/reminders.py [--enrollments 100000] [--database both]

Makes a database in a temporary folder with that many seats in classes of fifteen, each with a
lesson a week ahead (85 in 100 people have a mobile and agreed, two of whom in a hundred share it,
the rest are called or written to), plans once as the worker does, then deletes the rows and
inserts the very same notices, messages and calls again with `bulk_create`, and plans a second
time. Prints the times and the ratios; aims: planning at most 3 times the insert, the second round
at most a tenth of the first. Stops by itself.
"""

import argparse
import datetime
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

AIM, AIM_AGAIN = 3.0, 0.1
BATCH = 500
SEATS = 15


def fill(enrollments: int, now: datetime.datetime) -> None:
    """People with their numbers, and seats in classes whose lesson is a week ahead."""
    from django.db import connection

    from classes.models import (
        Application,
        ClassSession,
        Course,
        Enrollment,
        Intake,
        Lesson,
        Party,
        Venue,
    )
    from learners.models import Learner, PhoneNumber
    from skill_levels.models import SkillLevel

    day = datetime.timedelta(days=1)
    people = Learner.objects.bulk_create(
        (
            Learner(
                name=f"山田 {number}",
                kana="ヤマダ",
                birth_date=datetime.date(1945, 1, 1),
                address="八王子市南大沢2-1",
                created_at=now - 90 * day,
                no_phone_calls=number % 100 == 99,
            )
            for number in range(enrollments)
        ),
        batch_size=BATCH,
    )
    PhoneNumber.objects.bulk_create(
        (
            PhoneNumber(
                learner=person,
                e164=f"+8190{number - (number % 100 == 1):08d}"
                if number % 100 < 85
                else f"+8142{number:07d}",
                as_spoken="",
                sms_consent="given" if number % 100 < 85 else "",
            )
            for number, person in enumerate(people)
        ),
        batch_size=BATCH,
    )
    intake = Intake.objects.create(
        code="2026-10",
        title="10月募集",
        spoken_name="10月",
        opens_at=now - 60 * day,
        closes_at=now - 30 * day,
        reference_date=now.date(),
    )
    venue = Venue.objects.create(name="会場", short_name="会場")
    level = SkillLevel.objects.order_by("number")[0]
    course = Course.objects.create(name="ニュース", short_name="ニュース", level=level)
    sessions = ClassSession.objects.bulk_create(
        (
            ClassSession(
                intake=intake, course=course, venue=venue, code=f"C{number:05d}", capacity=SEATS
            )
            for number in range(-(-enrollments // SEATS))
        ),
        batch_size=BATCH,
    )
    Lesson.objects.bulk_create(
        (
            Lesson(
                class_session=session,
                number=number + 1,
                venue=venue,
                starts_at=now + (7 + 7 * number) * day,
                ends_at=now + (7 + 7 * number) * day + datetime.timedelta(hours=2),
            )
            for session in sessions
            for number in range(3)
        ),
        batch_size=BATCH,
    )
    parties = Party.objects.bulk_create((Party(intake=intake) for _ in people), batch_size=BATCH)
    applications = Application.objects.bulk_create(
        (
            Application(
                intake=intake,
                party=party,
                learner=person,
                number=number,
                received_at=now - 40 * day,
                registered_at=now - 40 * day,
            )
            for number, (person, party) in enumerate(zip(people, parties, strict=True), start=1)
        ),
        batch_size=BATCH,
    )
    Enrollment.objects.bulk_create(
        (
            Enrollment(
                application=application,
                class_session=sessions[number // SEATS],
                held_at=now - 40 * day,
            )
            for number, application in enumerate(applications)
        ),
        batch_size=BATCH,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def bare() -> tuple[float, int]:
    """Write the planned rows once more without planning; seconds, and how many rows."""
    from django.db import transaction

    from classes.models import CallTask, Notice
    from sms.models import OutboundMessage

    models: tuple[Any, ...] = (OutboundMessage, Notice, CallTask)
    kept = [list(model.objects.order_by("pk")) for model in models]
    with transaction.atomic():
        for model in reversed(models):
            model.objects.all()._raw_delete(model.objects.db)
    began = time.perf_counter()
    with transaction.atomic():
        for model, rows in zip(models, kept, strict=True):
            model.objects.bulk_create(rows, batch_size=BATCH)
    return time.perf_counter() - began, sum(map(len, kept))


def measure_here(enrollments: int) -> bool:
    """Fill, plan, insert the same rows bare, plan again; whether the aims were reached."""
    from classes import reminders
    from tests.factories import tokyo

    now = tokyo(2026, 10, 5, 9)
    fill(enrollments, now)
    began = time.perf_counter()
    first = reminders.plan(now=now)
    planned = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    inserted, rows = bare()
    began = time.perf_counter()
    second = reminders.plan(now=now + datetime.timedelta(minutes=1))
    again = time.perf_counter() - began
    print(
        f"  {enrollments:,} seats: {first.reminders:,} notices, {rows:,} rows in all; planning "
        f"{planned:.1f} s, the same rows without it {inserted:.1f} s, "
        f"ratio {planned / inserted:.2f}\n"
        f"  the second round made {second.made} in {again:.2f} s, {again / planned:.3f} of the "
        f"first; peak memory, making the seats included, {peak:,.0f} MB"
    )
    return planned / inserted <= AIM and again / planned <= AIM_AGAIN and second.made == 0


def measure(name: str, url: str, enrollments: int) -> bool:
    """One database in a process of its own."""
    print(name, flush=True)
    command = [
        sys.executable, str(Path(__file__).resolve()),
        "--measure", url, "--enrollments", str(enrollments),
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Measure what was asked for; 1 where an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--enrollments", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        search.prepare(arguments.measure)
        return 0 if measure_here(arguments.enrollments) else 1
    ok = True
    if arguments.database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="desk-reminders-") as folder:
            url = f"sqlite:///{folder}/reminders.sqlite3"
            ok &= measure("SQLite", url, arguments.enrollments)
    if arguments.database in ("postgres", "both"):
        from tests import postgres

        with postgres.private_cluster() as url:
            ok &= measure("PostgreSQL", url, arguments.enrollments)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
