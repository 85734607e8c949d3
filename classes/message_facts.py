"""What a text of a message names, in the words of its language: days, places, ranks, reasons."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from classes import line_order
from classes.models import (
    Application,
    ClassSession,
    Disruption,
    Intake,
    Lesson,
    MessageTemplate,
    Notice,
    Offer,
    WaitlistEntry,
)

Kind = MessageTemplate.Kind

WEEKDAYS_JA = "月火水木金土日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
WEEK = 7
# Shorter than on the phone: a message has room for four letters.
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    Disruption.Cause.TYPHOON: ("台風", "typhoon"),
    Disruption.Cause.SNOW: ("大雪", "heavy snow"),
    Disruption.Cause.ILLNESS: ("講師急病", "instructor ill"),
    Disruption.Cause.HALL: ("会場都合", "hall closed"),
}
# What is practised at home where no hint of a competency is to be had.
ANY_HINT = ("今日の練習", "what we did")
NO_DRAW_DATE = ("後日", "later")
# One of a party is told for all of it (classes.notices).
TOLD_FOR_THE_PARTY = frozenset(
    {
        Notice.Purpose.REGISTERED,
        Notice.Purpose.RESULT,
        Notice.Purpose.OFFER,
    }
)
# Texts that speak of the lesson after the one that they are about.
OF_THE_NEXT_LESSON = frozenset({Kind.FOLLOW_UP, Kind.FOLLOW_UP_LAST, Kind.ABSENT})
# Texts about just one lesson: without its row there is nothing to say.
OF_ONE_LESSON = frozenset(
    {
        Kind.REMINDER,
        Kind.REMINDER_NEXT,
        Kind.CHANGED,
        Kind.ADDED,
        Kind.CANCELLED,
        Kind.RESUMED,
    }
)
OF_NO_CLASS = frozenset({Kind.REGISTERED_LOTTERY})
# (party, class session) → the place in that line.
Places = Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class Told:
    """What one message is about, as the rows are at a moment."""

    language: str
    at: datetime.datetime
    people: int = 1
    class_session: ClassSession | None = None
    lesson: Lesson | None = None
    intake: Intake | None = None
    offer: Offer | None = None
    applications: Sequence[Application] = ()
    facts: Mapping[str, object] | None = None
    # Days from the reading to the lesson; empty: from `at`.
    lead: int | None = None
    hint: str = ""
    places: Places | None = None

    @property
    def is_english(self) -> bool:
        return self.language == "en"

    def in_words(self, words: tuple[str, str]) -> str:
        """The one of (Japanese, English) that the message is in."""
        return words[self.is_english]


def short_day(moment: datetime.datetime | datetime.date, language: str) -> str:
    """「10/13(火)」 or "Tue 13 Oct", in the city's time zone."""
    day = timezone.localtime(moment) if isinstance(moment, datetime.datetime) else moment
    if language == "en":
        return f"{WEEKDAYS_EN[day.weekday()]} {day.day} {MONTHS_EN[day.month - 1]}"
    return f"{day.month}/{day.day}({WEEKDAYS_JA[day.weekday()]})"


def days_ahead(days: int, language: str) -> str:
    """「本日」「明日」「3日後」「来週」, the last of seven days exactly."""
    known = {0: ("本日", "today"), 1: ("明日", "tomorrow"), WEEK: ("来週", "next week")}
    words = known.get(days, (f"{days}日後", f"in {days} days"))
    return words[language == "en"]


def coming_lesson(
    class_session: ClassSession, *, after: datetime.datetime, cancelled: bool = False
) -> Lesson | None:
    """The next lesson that takes place (or just the next, for `cancelled`); from the prefetch."""
    coming = [
        lesson
        for lesson in class_session.lessons.all()
        if lesson.starts_at > after and (cancelled or lesson.cancelled_at is None)
    ]
    return min(coming, key=lambda lesson: lesson.starts_at, default=None)


def lesson_named(
    kind: str,
    lesson: Lesson | None,
    class_session: ClassSession,
    *,
    at: datetime.datetime,
) -> Lesson | None:
    """The lesson whose day and hall a text names, or None where it is not, or no longer, there."""
    off = kind == Kind.CANCELLED
    if class_session.cancelled_at is not None:
        # The whole class is off: its next lesson stands for all of them.
        return coming_lesson(class_session, after=at, cancelled=True) if off else None
    if lesson is not None and lesson.starts_at > at and (lesson.cancelled_at is not None) == off:
        return lesson
    if kind in OF_THE_NEXT_LESSON or (lesson is None and kind not in OF_ONE_LESSON):
        return coming_lesson(class_session, after=at)
    return None


def members_told(notices: Iterable[Notice]) -> list[Application]:
    """Everybody these notices speak to: of a party all, where one is told for all (rule 59)."""
    members: dict[int, Application] = {}
    for notice in notices:
        if notice.application is None:
            continue
        members[notice.application.pk] = notice.application
        if notice.purpose not in TOLD_FOR_THE_PARTY:
            continue
        for other in notice.application.party.applications.all():
            if other.status == Application.Status.ACTIVE:
                members.setdefault(other.pk, other)
    return sorted(members.values(), key=lambda each: each.number)


def places_in_line(notices: Iterable[Notice]) -> dict[tuple[int, int], int]:
    """The place of every party in the lines that these notices name; one query for all of them."""
    lines = {
        notice.class_session_id
        for notice in notices
        if notice.text in (Kind.REGISTERED_LINE, Kind.DRAW_LINE) and notice.class_session_id
    }
    if not lines:
        return {}
    ahead: dict[int, int] = dict.fromkeys(lines, 0)
    places: dict[tuple[int, int], int] = {}
    entries = WaitlistEntry.objects.waiting().filter(class_session__in=lines).in_line()
    for party, line in entries.values_list("party", "class_session"):
        ahead[line] += 1
        places[party, line] = ahead[line]
    return places


def _city(told: Told) -> str:
    return told.in_words((settings.CITY_NAME, settings.CITY_NAME_EN))


def _course(told: Told) -> str | None:
    if told.class_session is None:
        return None
    course = told.class_session.course
    if told.is_english:
        return course.name_en or course.level.title_in("en")
    return course.short_name or course.name


def _date(told: Told) -> str | None:
    return short_day(told.lesson.starts_at, told.language) if told.lesson else None


def _time(told: Told) -> str | None:
    return f"{timezone.localtime(told.lesson.starts_at):%H:%M}" if told.lesson else None


def _venue(told: Told) -> str | None:
    if told.lesson is None:
        return None
    return told.lesson.venue.short_name or told.lesson.venue.name


def _when(told: Told) -> str | None:
    if told.lesson is None:
        return None
    days = told.lead
    if days is None:
        days = (told.lesson.day - timezone.localtime(told.at).date()).days
    return days_ahead(days, told.language)


def _rank(told: Told) -> str | None:
    """The place in line at this moment (rule 24); None for whoever waits no longer."""
    if told.class_session is None or not told.applications:
        return None
    parties = {member.party_id for member in told.applications}
    if told.places is not None:
        found = [told.places.get((party, told.class_session.pk)) for party in parties]
    else:
        entries = WaitlistEntry.objects.waiting().filter(
            Q(class_session=told.class_session), party__in=parties
        )
        found = [line_order.position(entry) for entry in entries]
    ranks = sorted(rank for rank in found if rank is not None)
    return told.in_words(("・", ", ")).join(map(str, ranks)) or None


def _deadline(told: Told) -> str | None:
    """The hour by which to answer, never later than the offer really ends (rule 29)."""
    if told.offer is None or told.offer.status != Offer.Status.OPEN:
        return None
    ends = told.offer.expires_at or told.offer.printed_deadline
    if ends is None:
        intake = told.intake or told.offer.class_session.intake
        ends = told.at + datetime.timedelta(hours=intake.offer_hours)
    local = timezone.localtime(ends)
    clock = told.in_words((f"{local.hour}時", f" {local.hour}:00"))
    return f"{short_day(ends, told.language)}{clock}"


def _receipt(told: Told) -> str | None:
    """「2026-10-0042」, further ones of the same intake by their number alone."""
    if not told.applications:
        return None
    first, *others = told.applications
    intake = told.intake or first.intake
    return told.in_words(("・", ", ")).join(
        [intake.receipt(first.number), *(f"{other.number:04d}" for other in others)]
    )


def _draw_date(told: Told) -> str | None:
    if told.intake is None:
        return None
    day = told.intake.draw_on
    return short_day(day, told.language) if day else told.in_words(NO_DRAW_DATE)


def _hint(told: Told) -> str:
    return told.hint or told.in_words(ANY_HINT)


def _old_date(told: Told) -> str | None:
    old = (told.facts or {}).get("old")
    return short_day(datetime.datetime.fromisoformat(str(old)), told.language) if old else None


def _reason(told: Told) -> str | None:
    """A cause of a bad day, else the words that staff wrote."""
    given = str((told.facts or {}).get("reason") or "")
    if words := REASONS.get(given):
        return told.in_words(words)
    if given or told.lesson is None:
        return given or None
    return told.lesson.cancel_reason or None


def _people(told: Told) -> str:
    return str(told.people)


def _phone(told: Told) -> str:
    return str(settings.CITY_PHONE)


# Every placeholder, and how it is put into words; None: a row that it needs is gone.
WORDS: Final[Mapping[str, Callable[[Told], str | None]]] = {
    "city": _city,
    "course": _course,
    "date": _date,
    "time": _time,
    "venue": _venue,
    "when": _when,
    "rank": _rank,
    "deadline": _deadline,
    "receipt": _receipt,
    "draw_date": _draw_date,
    "hint": _hint,
    "old_date": _old_date,
    "reason": _reason,
    "people": _people,
    "phone": _phone,
}
