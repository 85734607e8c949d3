"""A month's lessons: as a calendar of Japanese weeks, by hall, by instructor, and as a file."""

import calendar
import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import icalendar
import jpholiday
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from classes import teaching
from classes.models import Lesson, Venue
from staff.models import StaffMember

# How far back and ahead a calendar file reaches.
FILE_BACK = datetime.timedelta(days=31)
FILE_AHEAD = datetime.timedelta(days=366)
# Says of a lesson whether it belongs into a column.
Fits = Callable[[Lesson], bool]


@dataclass(frozen=True)
class Day:
    """One day with its lessons; `holiday` is its name, or empty."""

    date: datetime.date
    holiday: str
    is_of_month: bool
    lessons: tuple[Lesson, ...]

    @property
    def is_sunday(self) -> bool:
        return self.date.isoweekday() == 7

    @property
    def is_saturday(self) -> bool:
        return self.date.isoweekday() == 6


@dataclass(frozen=True)
class Line:
    """One day of the table by hall or by instructor: a cell for each column."""

    day: Day
    cells: tuple[tuple[Lesson, ...], ...]


@dataclass(frozen=True)
class Month:
    """The first of the month, its weeks from Sunday, and who and where."""

    first: datetime.date
    days: tuple[Day, ...]

    @property
    def weeks(self) -> list[tuple[Day, ...]]:
        """Sunday first, as calendars are printed here."""
        return [self.days[start : start + 7] for start in range(0, len(self.days), 7)]

    @property
    def of_month(self) -> list[Day]:
        return [day for day in self.days if day.is_of_month]

    @property
    def count(self) -> int:
        return sum(len(day.lessons) for day in self.of_month)

    def by_venue(self) -> tuple[list[Venue], list[Line]]:
        """A column for each hall in use this month."""
        halls = {x.venue_id: x.venue for day in self.of_month for x in day.lessons}
        columns = sorted(halls.values(), key=lambda hall: hall.name)
        return columns, self._lines([_held_in(hall) for hall in columns])

    def by_instructor(self) -> tuple[list[StaffMember], list[Line]]:
        """A column for each who teaches, assists or stands in this month."""
        people = {
            who.pk: who for day in self.of_month for x in day.lessons for who in teachers_of(x)
        }
        columns = sorted(people.values(), key=str)
        return columns, self._lines([_with(who) for who in columns])

    def _lines(self, belongs: Sequence[Fits]) -> list[Line]:
        return [
            Line(day, tuple(tuple(filter(fits, day.lessons)) for fits in belongs))
            for day in self.of_month
            if day.lessons or day.holiday
        ]


def _held_in(hall: Venue) -> Fits:
    return lambda lesson: lesson.venue_id == hall.pk


def _with(who: StaffMember) -> Fits:
    return lambda lesson: who in teachers_of(lesson)


def of(
    first: datetime.date,
    who: StaffMember,
    *,
    venue: Venue | None = None,
    instructor: StaffMember | None = None,
    now: datetime.datetime,
) -> Month:
    """The month beginning on that day, with the lessons this person may see (rule 65)."""
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    begins = first - datetime.timedelta(days=first.isoweekday() % 7)
    length = ((last - begins).days // 7 + 1) * 7
    dates = [begins + datetime.timedelta(days=offset) for offset in range(length)]
    lessons = _lessons(who, dates[0], dates[-1], now=now)
    if venue is not None:
        lessons = lessons.filter(venue=venue)
    if instructor is not None:
        lessons = lessons.filter(pk__in=_taught_by(instructor))
    by_day: dict[datetime.date, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        by_day[lesson.day].append(lesson)
    return Month(
        first,
        tuple(
            Day(
                date,
                str(jpholiday.is_holiday_name(date) or ""),
                date.month == first.month,
                tuple(by_day[date]),
            )
            for date in dates
        ),
    )


def teachers_of(lesson: Lesson) -> list[StaffMember]:
    """Who teaches a lesson, assists or stands in; from the prefetch."""
    session = lesson.class_session
    substitutes = [one.instructor for one in lesson.substitutes.all()]
    return [*session.instructors.all(), *session.assistants.all(), *substitutes]


def calendar_file(who: StaffMember, *, now: datetime.datetime) -> bytes:
    """An iCalendar file (RFC 5545) of one person's lessons, without any learner's name.

    From a month back to a year ahead. A lesson keeps its UID; its revision is the SEQUENCE, and
    a cancelled one stays with that status, so that a phone takes it out again.
    """
    made = icalendar.Calendar()
    made.add("prodid", "-//smartphone classes//lessons//JA")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", gettext("Lessons of %(name)s") % {"name": who})
    made.add("x-wr-timezone", timezone.get_default_timezone_name())
    today = timezone.localdate(now)
    lessons = _all(today - FILE_BACK, today + FILE_AHEAD).filter(pk__in=_taught_by(who))
    for lesson in lessons:
        made.add_component(_event(lesson, now))
    return bytes(made.to_ical())


def _event(lesson: Lesson, now: datetime.datetime) -> icalendar.Event:
    session = lesson.class_session
    event = icalendar.Event()
    event.add("uid", f"lesson-{lesson.pk}@smartphone-classes")
    event.add("dtstamp", now)
    event.add("dtstart", lesson.starts_at)
    event.add("dtend", lesson.ends_at)
    event.add("sequence", lesson.revision)
    number = gettext("Lesson %(number)d") % {"number": lesson.number}
    event.add("summary", f"{session.code} {session.course} {number}")
    event.add("location", " ".join(filter(None, (lesson.venue.name, lesson.venue.address))))
    event.add("status", "CANCELLED" if _is_off(lesson) else "CONFIRMED")
    return event


def _is_off(lesson: Lesson) -> bool:
    return lesson.cancelled_at is not None or lesson.class_session.cancelled_at is not None


def _lessons(
    who: StaffMember, first: datetime.date, last: datetime.date, *, now: datetime.datetime
) -> QuerySet[Lesson]:
    mine = teaching.lessons_of(who, now=now).order_by().values("pk")
    return _all(first, last).filter(pk__in=mine, class_session__cancelled_at__isnull=True)


def _all(first: datetime.date, last: datetime.date) -> QuerySet[Lesson]:
    begins = timezone.make_aware(datetime.datetime.combine(first, datetime.time.min))
    ends = timezone.make_aware(
        datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time.min)
    )
    return (
        Lesson.objects.filter(starts_at__gte=begins, starts_at__lt=ends)
        .select_related("venue", "class_session__course", "class_session__intake")
        .prefetch_related(
            "class_session__instructors",
            "class_session__assistants",
            "substitutes__instructor",
        )
        .order_by("starts_at", "class_session__code", "pk")
    )


def _taught_by(who: StaffMember) -> QuerySet[Lesson, int]:
    own = Q(class_session__instructors=who) | Q(class_session__assistants=who)
    taught = Lesson.objects.filter(own | Q(substitutes__instructor=who))
    return taught.order_by().values_list("pk", flat=True)


def months_around(first: datetime.date) -> tuple[datetime.date, datetime.date]:
    """The first days of the month before and the month after."""
    before = (first - datetime.timedelta(days=1)).replace(day=1)
    after = (first + datetime.timedelta(days=31)).replace(day=1)
    return before, after
