"""Rows for tests: keyword factories that fill in whatever a test does not care about."""

import datetime
import itertools
import uuid
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group

from classes import cancelling, offers, places
from classes.models import (
    Application,
    CallTask,
    ClassSession,
    Course,
    Intake,
    Lesson,
    Offer,
    Venue,
)
from learners.models import Learner, PhoneNumber
from skill_levels.models import SkillLevel
from staff.models import StaffMember

TOKYO = ZoneInfo("Asia/Tokyo")

_numbers = itertools.count(1)


def staff_member(*, role: str | None = "reception", **fields: Any) -> StaffMember:
    """Somebody who may sign in (no password: sign in with client.force_login)."""
    fields.setdefault("username", f"staff{next(_numbers)}")
    fields.setdefault("name", fields["username"])
    member = StaffMember.objects.create_user(**fields)
    if role:
        member.groups.add(Group.objects.get_or_create(name=role)[0])
    return member


def tokyo(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime.datetime:
    """A moment as the city's clock shows it."""
    return datetime.datetime(year, month, day, hour, minute, second, tzinfo=TOKYO)


def venue(**fields: Any) -> Venue:
    number = next(_numbers)
    fields.setdefault("name", f"市民センター{number}")
    fields.setdefault("short_name", f"会場{number}")
    return Venue.objects.create(**fields)


def level(code: str = "news") -> SkillLevel:
    """A level that ships (skill_levels/migrations)."""
    return SkillLevel.objects.get(code=code)


def course(**fields: Any) -> Course:
    number = next(_numbers)
    fields.setdefault("name", f"はじめてのニュース{number}")
    fields.setdefault("short_name", "ニュース")
    if "level" not in fields:
        fields["level"] = level()
    return Course.objects.create(**fields)


def intake(**fields: Any) -> Intake:
    """A first-come intake that is open on 2026-09-01, for people of 60 or more."""
    # A year of its own, so that it never meets a code that a test names.
    fields.setdefault("code", f"2030-{next(_numbers):02d}")
    fields.setdefault("title", "10月募集")
    fields.setdefault("spoken_name", "10月")
    fields.setdefault("opens_at", tokyo(2026, 9, 1, 9))
    fields.setdefault("closes_at", tokyo(2026, 10, 1, 17))
    fields.setdefault("reference_date", datetime.date(2026, 4, 1))
    return Intake.objects.create(**fields)


def lesson(class_session: ClassSession, **fields: Any) -> Lesson:
    number = fields.setdefault("number", class_session.lessons.count() + 1)
    start = fields.setdefault(
        "starts_at", tokyo(2026, 10, 5, 10) + datetime.timedelta(days=7 * (number - 1))
    )
    fields.setdefault("ends_at", start + datetime.timedelta(hours=2))
    fields.setdefault("venue", class_session.venue)
    return Lesson.objects.create(class_session=class_session, **fields)


def class_session(*, lessons: int | Sequence[datetime.datetime] = 3, **fields: Any) -> ClassSession:
    """A class with weekly lessons from 2026-10-05, or at the given starts."""
    if "intake" not in fields:
        fields["intake"] = intake()
    if "course" not in fields:
        fields["course"] = course()
    if "venue" not in fields:
        fields["venue"] = venue()
    fields.setdefault("code", f"C{next(_numbers)}")
    fields.setdefault("capacity", 10)
    made = ClassSession.objects.create(**fields)
    if isinstance(lessons, int):
        for _ in range(lessons):
            lesson(made)
    else:
        for start in lessons:
            lesson(made, starts_at=start)
    return made


def learner(*, phone: str | None = None, agrees: bool = False, **fields: Any) -> Learner:
    """A resident born in 1940; `phone` in E.164 adds one number, to which messages may go if they
    agreed. Makes no search keys."""
    number = next(_numbers)
    fields.setdefault("name", f"山田 節子{number}")
    fields.setdefault("kana", "ヤマダ セツコ")
    fields.setdefault("birth_date", datetime.date(1940, 1, 2))
    fields.setdefault("address", "八王子市南大沢2-1")
    fields.setdefault("created_at", tokyo(2026, 8, 1))
    made = Learner.objects.create(**fields)
    if phone:
        consent = PhoneNumber.Consent.GIVEN if agrees else PhoneNumber.Consent.UNKNOWN
        PhoneNumber.objects.create(learner=made, e164=phone, as_spoken=phone, sms_consent=consent)
    return made


def texted(*, phone: str | None = None, **fields: Any) -> Learner:
    """Somebody who gets messages, on a mobile of their own."""
    return learner(phone=phone or f"+8190{next(_numbers):08d}", agrees=True, **fields)


def registered(
    class_session: ClassSession,
    *people: Learner,
    at: datetime.datetime | None = None,
    spoken: bool = True,
    loan_phone: bool = False,
) -> tuple[Application, ...]:
    """A party registered through the front door: seated where there is room, else in line."""
    answer = places.register(
        class_session.intake_id,
        applicants=[
            places.Applicant(person, uuid.uuid4(), wants_loan_phone=loan_phone)
            for person in people or (learner(),)
        ],
        wishes=[class_session.pk],
        by=None,
        now=at or tokyo(2026, 9, 1, 9, 30),
        when_short=places.WhenShort.WAIT_TOGETHER,
        spoken=spoken,
    )
    return answer.applications  # type: ignore[union-attr]


def announced_offer(*people: Learner, at: datetime.datetime | None = None, **fields: Any) -> Offer:
    """An offer that is to be told: a full class, these people in line, the seats given up."""
    moment = at or tokyo(2026, 9, 1, 9, 30)
    party = people or (learner(phone="+819031174912"),)
    session = class_session(capacity=len(party), **fields)
    held = [registered(session, at=moment)[0] for _ in party]
    registered(session, *party, at=moment)
    for application in held:
        cancelling.cancel(application.intake_id, application.pk, reason="", by=None, now=moment)
    offers.announce_due(now=moment + datetime.timedelta(minutes=10))
    return Offer.objects.open().get(class_session=session, announced_at__isnull=False)


def call_task(*people: Learner, at: datetime.datetime | None = None, **fields: Any) -> CallTask:
    """A call to make about an announced offer."""
    return CallTask.objects.open().get(notice__offer=announced_offer(*people, at=at, **fields))
