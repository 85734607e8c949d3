"""What rush.py sets up in the database, checks afterwards, and takes apart."""

import cProfile
import datetime
import io
import pstats
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import psutil
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.rush import Addresses, Job, kana
from classes import seats
from classes.locking import lock_intake
from classes.models import (
    Application,
    ClassSession,
    Course,
    Enrollment,
    Intake,
    Lesson,
    Party,
    Venue,
    WaitlistEntry,
)
from learners.models import Learner, PhoneNumber, SearchKey
from learners.search_keys import keys_for
from skill_levels.models import SkillLevel
from staff.models import StaffMember


def operators(count: int, password: str) -> list[str]:
    """Reception accounts that can sign in."""
    group = Group.objects.get(name="reception")
    names = [f"rush{number}" for number in range(count)]
    for name in names:
        member = StaffMember.objects.create_user(username=name, password=password, name=name)
        member.groups.add(group)
    return names


def make_intake(title: str, capacities: Sequence[int]) -> tuple[Intake, list[ClassSession]]:
    """A first-come intake under way with one class per capacity."""
    now = timezone.now()
    intake = Intake.objects.create(
        code=f"rush-{Intake.objects.count() + 1}",
        title=title,
        spoken_name="10月",
        opens_at=now - datetime.timedelta(hours=1),
        closes_at=now + datetime.timedelta(days=20),
        reference_date=timezone.localdate(),
        min_age=60,
    )
    level = SkillLevel.objects.get(code="news")
    course = Course.objects.get_or_create(
        name="はじめてのニュース", defaults={"short_name": "ニュース", "level": level}
    )[0]
    sessions = []
    for index, capacity in enumerate(capacities):
        venue = Venue.objects.get_or_create(
            name=f"会場{index}", defaults={"short_name": f"会場{index}"}
        )[0]
        session = ClassSession.objects.create(
            intake=intake, course=course, code=f"N{index + 1}", venue=venue, capacity=capacity
        )
        for week in range(3):
            start = now + datetime.timedelta(days=30 + index, weeks=week)
            Lesson.objects.create(
                class_session=session,
                number=week + 1,
                venue=venue,
                starts_at=start,
                ends_at=start + datetime.timedelta(hours=2),
            )
        sessions.append(session)
    return intake, sessions


def known_people(count: int) -> list[tuple[Learner, str]]:
    """Learners with a mobile each, found by its last four digits."""
    first = Learner.objects.count() + 1
    learners = Learner.objects.bulk_create(
        Learner(
            name=f"山田 {number}子",
            kana=f"ヤマダ {kana(number)}",
            birth_date=datetime.date(1940, 1, 2),
            address="八王子市南大沢2-1",
            created_at=timezone.now(),
        )
        for number in range(first, first + count)
    )
    numbers = [f"+8180{10_000_000 + learner.pk * 7919 % 89_999_999}" for learner in learners]
    PhoneNumber.objects.bulk_create(
        PhoneNumber(learner=learner, e164=number, as_spoken=number)
        for learner, number in zip(learners, numbers, strict=True)
    )
    SearchKey.objects.bulk_create(
        SearchKey(learner=learner, kind=key.kind, key=key.key)
        for learner, number in zip(learners, numbers, strict=True)
        for key in keys_for(name=learner.name, kana=learner.kana, latin_name="", phones=[number])
    )
    return [(learner, number[-4:]) for learner, number in zip(learners, numbers, strict=True)]


def prepare(
    title: str, callers: int, capacities: Sequence[int], *, new_share: float = 0.5
) -> tuple[Addresses, list[Job]]:
    """An intake of its own, and its callers: half of them known unless told otherwise."""
    intake, sessions = make_intake(title, capacities)
    known = known_people(callers - int(callers * new_share))
    jobs = []
    for number in range(callers):
        wish = str(sessions[number % len(sessions)].pk)
        is_new = not known or (new_share and number % 2)
        if is_new:
            jobs.append(Job(intake.pk * 10_000 + number, f"{number:04d}", "", wish))
        else:
            learner, tail = known.pop()
            jobs.append(Job(number, tail, str(learner.pk), wish))
    code = {"code": intake.code}
    return (
        Addresses(
            search=reverse("desk_search", kwargs=code),
            person=lambda pk: reverse("desk_person", kwargs={**code, "pk": pk}),
            register=reverse("desk_register", kwargs=code),
        ),
        jobs,
    )


def problems(title: str) -> list[str]:
    """Invariants that do not hold of this intake: empty if all is well."""
    now = timezone.now()
    intake = Intake.objects.get(title=title)
    sessions = list(intake.class_sessions.all())
    found = []
    for session in sessions:
        count = seats.count_one(session, now=now)
        if count.taken > session.capacity:
            found.append(f"{session.code}: {count.taken} seats of {session.capacity}")
        waits = WaitlistEntry.objects.waiting().filter(class_session=session).exists()
        if waits and count.offerable:
            found.append(f"{session.code}: a seat is free while somebody waits")
    applications = Application.objects.active().filter(intake=intake)
    seated = set(
        Enrollment.objects.held().filter(application__in=applications).values_list("application")
    )
    waiting = set(
        WaitlistEntry.objects.waiting()
        .filter(party__intake=intake)
        .values_list("party__applications")
    )
    if seated & waiting:
        found.append(f"{len(seated & waiting)} both seated and in line")
    if len(seated | waiting) != applications.count():
        found.append("somebody has neither a seat nor a place in line")
    people = applications.values("learner").distinct().count()
    if people != applications.count():
        found.append("somebody has two applications")
    return found


def worker_peaks(pid: int) -> list[float]:
    """Peak resident memory of each worker in MB (Linux: VmHWM)."""
    peaks = []
    for child in psutil.Process(pid).children():
        with open(f"/proc/{child.pid}/status") as status:
            peak = next(line for line in status if line.startswith("VmHWM"))
        peaks.append(int(peak.split()[1]) / 1024)
    return peaks


def bare_booking(count: int) -> float:
    """Bookings per second of Django alone: lock the row, count, insert."""
    intake, (session,) = make_intake("bare booking", [count])
    people = known_people(count)
    begun = time.perf_counter()
    for number, (learner, _) in enumerate(people, start=1):
        with transaction.atomic():
            Intake.objects.select_for_update().get(pk=intake.pk)
            taken = Enrollment.objects.filter(class_session=session, ended_at=None).count()
            party = Party.objects.create(intake=intake)
            application = Application.objects.create(
                intake=intake,
                party=party,
                learner=learner,
                number=number,
                received_at=timezone.now(),
                registered_at=timezone.now(),
            )
            if taken < session.capacity:
                Enrollment.objects.create(
                    application=application, class_session=session, held_at=timezone.now()
                )
    return count / (time.perf_counter() - begun)


def where_the_time_goes() -> list[str]:
    """One process, no network: the registering POST by share of the database and of our code."""
    addresses, jobs = prepare("profile", 200, [20], new_share=0)
    client = Client(SERVER_NAME="localhost")
    client.force_login(StaffMember.objects.get(username="rush0"))
    spent = {"queries": 0, "seconds": 0.0}

    def count(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent["queries"] += 1
            spent["seconds"] += time.perf_counter() - begun

    def post(job: Job) -> None:
        response = client.post(
            addresses.register,
            {
                "call_uuid": uuid.uuid4(),
                "application_uuid": uuid.uuid4(),
                "wishes": job.wish,
                "learner": job.learner,
            },
        )
        assert response.status_code == 200

    for job in jobs[:20]:
        post(job)
    begun = time.perf_counter()
    with connection.execute_wrapper(count):
        for job in jobs[20:120]:
            post(job)
    each = (time.perf_counter() - begun) / 100
    lock_begun = time.perf_counter()
    with transaction.atomic():
        lock_intake(Intake.objects.get(title="profile").pk)
    lock = time.perf_counter() - lock_begun
    profile = cProfile.Profile()
    profile.enable()
    for job in jobs[120:]:
        post(job)
    profile.disable()
    stream = io.StringIO()
    pstats.Stats(profile, stream=stream).sort_stats("cumulative").print_stats(
        r"(places|seating|waitlist|sentences|notices|access_log|call_log|desk_registration"
        r"|middleware|render|csp|seats|standing|eligibility)",
        22,
    )
    rows = [line for line in stream.getvalue().splitlines() if ".py" in line]
    return [
        f"registering POST in one process      {each * 1000:.1f} ms: "
        f"{spent['queries'] / 100:.0f} queries, {spent['seconds'] * 10:.1f} ms in the database",
        f"an empty transaction with the lock   {lock * 1000:.1f} ms",
        "cumulative seconds of 80 POSTs under the profiler:",
        *(re_path(row) for row in rows),
    ]


def re_path(row: str) -> str:
    """A profiler row with the file's name instead of its path."""
    columns = row.split()
    where = columns[-1].rsplit("/", 1)[-1]
    return f"  {float(columns[3]):6.2f} s  {where}"
