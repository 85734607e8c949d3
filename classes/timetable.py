"""When lessons are: dates proposed from a weekday pattern, and what stands in their way."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import jpholiday
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from classes.models import ClassSession, Enrollment, Lesson, Venue
from staff.models import StaffMember

# Rule 40: so many learners to each instructor or assistant, and no more.
LEARNERS_PER_HELPER = 4
# A pattern that meets nothing but closed days is given up after this many tries.
LONGEST_SEARCH_DAYS = 730


class NoDates(ValueError):
    """The pattern gives no dates; the message, translated, says why."""


@dataclass(frozen=True)
class Proposal:
    """One proposed lesson, in the city's time zone."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime


@dataclass(frozen=True)
class Skipped:
    """A day of the pattern that was left out, and why."""

    day: datetime.date
    reason: str


@dataclass(frozen=True)
class Conflict:
    """Something that stands in a lesson's way; a warning, never a refusal (rules 38 and 40)."""

    kind: str
    number: int | None
    text: str


@dataclass(frozen=True)
class Planned:
    """A lesson as it is planned, saved or not."""

    number: int
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    venue: Venue

    @property
    def day(self) -> datetime.date:
        """The lesson's date in the city's time zone."""
        return timezone.localtime(self.starts_at).date()

    def overlaps(self, other: "Planned | Lesson") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def propose_dates(
    *,
    start: datetime.date,
    weekdays: Iterable[int],
    count: int,
    venue: Venue,
    begins: datetime.time,
    ends: datetime.time,
    every_weeks: int = 1,
) -> tuple[list[Proposal], list[Skipped]]:
    """Dates from a day on, on these ISO weekdays (1 = Monday), skipping what is closed.

    Public holidays, the venue's closed weekdays and its closures are left out, each named with
    its reason. Raises NoDates where the pattern meets no open day.
    """
    wanted = set(weekdays)
    if not wanted or count < 1 or ends <= begins:
        raise NoDates(gettext("Choose a weekday, a number of lessons, and an end after the start."))
    closures = _closures([venue])[venue.pk]
    proposals: list[Proposal] = []
    skipped: list[Skipped] = []
    for day in _pattern(start, wanted, every_weeks):
        reason = closed_because(day, venue, closures)
        if reason:
            skipped.append(Skipped(day, reason))
        else:
            proposals.append(Proposal(_at(day, begins), _at(day, ends)))
        if len(proposals) == count:
            return proposals, skipped
    raise NoDates(gettext("This weekday meets no open day of the venue. Choose another one."))


def closed_because(day: datetime.date, venue: Venue, closures: dict[datetime.date, str]) -> str:
    """Why nothing can be held on a day at a venue; empty if it can."""
    holiday = jpholiday.is_holiday_name(day)
    if holiday:
        return str(holiday)
    if day.isoweekday() in venue.closed_weekdays:
        return gettext("closed on this weekday")
    if day in closures:
        return closures[day] or gettext("closed")
    return ""


def conflicts(
    planned: Sequence[Planned],
    *,
    capacity: int,
    helpers: Sequence[StaffMember],
    instructors: Sequence[StaffMember],
    class_session: ClassSession | None = None,
) -> list[Conflict]:
    """What stands in the way of each lesson of a series (rules 38 and 40).

    Other classes are looked up over all intakes, in a constant number of queries.
    """
    found = _staffing(capacity, helpers, instructors)
    if not planned:
        return found
    others = lessons_around(planned, class_session)
    names = {helper.pk: str(helper) for helper in helpers}
    closures = _closures([lesson.venue for lesson in planned])
    learners = _learners_in_both(planned, others, class_session)
    for lesson in planned:
        reason = closed_because(lesson.day, lesson.venue, closures[lesson.venue.pk])
        if reason:
            text = gettext("%(venue)s is closed or it is a holiday: %(reason)s.")
            found.append(
                Conflict("closed", lesson.number, text % {"venue": lesson.venue, "reason": reason})
            )
        found += _double_use(lesson, others, names)
        found += _double_booked(lesson, others, learners)
        found += [
            Conflict("itself", lesson.number, gettext("Two lessons of this class overlap."))
            for other in planned
            if other.number > lesson.number and lesson.overlaps(other)
        ]
    return found


def conflicts_of(class_session: ClassSession) -> list[Conflict]:
    """The conflicts of a class session as it is saved."""
    instructors = list(class_session.instructors.all())
    planned = [
        Planned(lesson.number, lesson.starts_at, lesson.ends_at, lesson.venue)
        for lesson in class_session.lessons.select_related("venue").order_by("number")
        if lesson.cancelled_at is None
    ]
    return conflicts(
        planned,
        capacity=class_session.capacity,
        helpers=[*instructors, *class_session.assistants.all()],
        instructors=instructors,
        class_session=class_session,
    )


def lessons_on(day: datetime.date, venue: Venue) -> list[Lesson]:
    """What is planned at a venue on a day, with the classes."""
    planned = Lesson.objects.filter(
        venue=venue,
        starts_at__gte=_at(day, datetime.time.min),
        starts_at__lt=_at(day + datetime.timedelta(days=1), datetime.time.min),
        cancelled_at__isnull=True,
        class_session__cancelled_at__isnull=True,
    )
    return list(planned.select_related("class_session__course"))


def _pattern(start: datetime.date, weekdays: set[int], every_weeks: int) -> Iterator[datetime.date]:
    """The days of the pattern, week by week from the week of the start."""
    monday = start - datetime.timedelta(days=start.weekday())
    for offset in range(LONGEST_SEARCH_DAYS):
        day = start + datetime.timedelta(days=offset)
        weeks = (day - monday).days // 7
        if day.isoweekday() in weekdays and weeks % max(every_weeks, 1) == 0:
            yield day


def _at(day: datetime.date, clock: datetime.time) -> datetime.datetime:
    return datetime.datetime.combine(day, clock, tzinfo=timezone.get_default_timezone())


def _closures(venues: Iterable[Venue]) -> dict[int, dict[datetime.date, str]]:
    """Each venue's single closed days with their reasons, in one query."""
    one_each = list({venue.pk: venue for venue in venues}.values())
    prefetch_related_objects(one_each, "closures")
    return {
        venue.pk: {closure.day: closure.reason for closure in venue.closures.all()}
        for venue in one_each
    }


def _staffing(
    capacity: int, helpers: Sequence[StaffMember], instructors: Sequence[StaffMember]
) -> list[Conflict]:
    if not instructors:
        return [Conflict("no_instructor", None, gettext("No instructor is assigned."))]
    if capacity <= LEARNERS_PER_HELPER * len(helpers):
        return []
    text = ngettext(
        "%(capacity)d seats for %(helpers)d instructor or assistant: more than %(most)d each.",
        "%(capacity)d seats for %(helpers)d instructors and assistants: more than %(most)d each.",
        len(helpers),
    )
    details = {"capacity": capacity, "helpers": len(helpers), "most": LEARNERS_PER_HELPER}
    return [Conflict("few_helpers", None, text % details)]


def lessons_around(planned: Sequence[Planned], class_session: ClassSession | None) -> list[Lesson]:
    """Lessons of other classes within the span, with who teaches them."""
    span = (min(x.starts_at for x in planned), max(x.ends_at for x in planned))
    around = Lesson.objects.filter(
        starts_at__lt=span[1],
        ends_at__gt=span[0],
        cancelled_at__isnull=True,
        class_session__cancelled_at__isnull=True,
    )
    if class_session is not None and class_session.pk:
        around = around.exclude(class_session=class_session)
    return list(
        around.select_related("class_session__course", "class_session__intake", "venue")
        .prefetch_related("class_session__instructors", "class_session__assistants")
        .order_by("starts_at", "pk")
    )


def _named(lesson: Lesson) -> str:
    """A class of any intake: codes return each time."""
    return f"{lesson.class_session} ({lesson.class_session.intake.title})"


def _learners_in_both(
    planned: Sequence[Planned], others: Sequence[Lesson], class_session: ClassSession | None
) -> dict[int, int]:
    """Class session → how many hold a seat in it and in this class, where lessons overlap."""
    if class_session is None or class_session.pk is None:
        return {}
    overlapping = {
        other.class_session_id
        for other in others
        if any(lesson.overlaps(other) for lesson in planned)
    }
    if not overlapping:
        return {}
    holders: dict[int, set[int]] = defaultdict(set)
    seats = Enrollment.objects.held().filter(class_session__in={*overlapping, class_session.pk})
    for holds, learner in seats.values_list("class_session", "application__learner"):
        holders[holds].add(learner)
    here = holders[class_session.pk]
    return {pk: len(here & holders[pk]) for pk in overlapping if here & holders[pk]}


def _double_use(lesson: Planned, others: Iterable[Lesson], names: dict[int, str]) -> list[Conflict]:
    found = []
    for other in others:
        if not lesson.overlaps(other):
            continue
        if other.venue_id == lesson.venue.pk:
            text = gettext("%(venue)s is used by %(other)s at this time.")
            details = {"venue": lesson.venue, "other": _named(other)}
            found.append(Conflict("venue", lesson.number, text % details))
        busy = [*other.class_session.instructors.all(), *other.class_session.assistants.all()]
        for person in dict.fromkeys(person.pk for person in busy if person.pk in names):
            text = gettext("%(name)s teaches %(other)s at this time.")
            said = {"name": names[person], "other": _named(other)}
            found.append(Conflict("instructor", lesson.number, text % said))
    return found


def _double_booked(
    lesson: Planned, others: Iterable[Lesson], learners: dict[int, int]
) -> list[Conflict]:
    found = []
    for other in others:
        count = learners.get(other.class_session_id, 0)
        if count and lesson.overlaps(other):
            text = ngettext(
                "%(count)d person of this class is in %(other)s at this time.",
                "%(count)d people of this class are in %(other)s at this time.",
                count,
            )
            said = {"count": count, "other": str(other.class_session)}
            found.append(Conflict("learner", lesson.number, text % said))
    return found
