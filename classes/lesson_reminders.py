"""Reminders of a lesson, so many days before as its intake says, for everybody with a seat.

Each lead (7 days, 1 day) has its window: from its day until the next smaller one's begins. A
lesson's revision is part of the occasion, so that one that moved is reminded of anew (rule 53).
"""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from classes import planned_notices
from classes.models import Attendance, Enrollment, Intake, Lesson, MessageTemplate, Notice
from classes.planned_notices import DAY, Due
from sms import sending_hours
from sms.sending_hours import Hours

Kind = MessageTemplate.Kind
Purpose = Notice.Purpose

# The longest lead that an intake may ask for, in days, and how many of them.
LONGEST_LEAD, MOST_LEADS = 30, 4


@dataclass(frozen=True)
class Stage:
    """One lead of the lessons of a day: whoever heard since it `begins` is not reminded."""

    lead: int
    begins: datetime.datetime
    due_at: datetime.datetime
    leaves_at: datetime.datetime


class Calendar:
    """Which lead is due for the lessons of a day; each day is looked up once."""

    def __init__(self, hours: Hours, today: datetime.date) -> None:
        self._hours = hours
        self._today = today
        self._known: dict[Hashable, Stage | None] = {}

    def stage(
        self, leads: tuple[int, ...], lesson_day: datetime.date, *, by_letter: bool
    ) -> Stage | None:
        """The lead whose window today is in, or None before the first and after the lesson."""
        key = (leads, lesson_day, by_letter)
        if key not in self._known:
            self._known[key] = self._look_up(leads, lesson_day, by_letter=by_letter)
        return self._known[key]

    def _look_up(
        self, leads: tuple[int, ...], lesson_day: datetime.date, *, by_letter: bool
    ) -> Stage | None:
        earlier = planned_notices.letter_time() if by_letter else DAY * 0
        last_day = lesson_day - (settings.POSTED_DAYS * DAY if by_letter else DAY * 0)
        begun = [
            (lead, day)
            for lead in leads
            if (day := self._open_day(lesson_day - lead * DAY - earlier)) <= self._today
        ]
        if not begun or self._today > last_day:
            return None
        lead, day = min(begun)
        return Stage(
            lead,
            begins=planned_notices.at(day, datetime.time.min),
            due_at=planned_notices.at(day, planned_notices.MORNING),
            leaves_at=planned_notices.at(day, planned_notices.LETTERS_LEAVE),
        )

    def _open_day(self, day: datetime.date) -> datetime.date:
        return planned_notices.open_day(day, self._hours)


def due(*, hours: Hours, now: datetime.datetime) -> Iterator[Due]:
    """Everybody to be reminded now; letters leave days earlier than a call would be made."""
    lessons = _coming(now)
    calendar = Calendar(hours, timezone.localdate(now))
    for by in (planned_notices.BY_VOICE_OR_TEXT, planned_notices.BY_LETTER):
        of_lead: dict[int, dict[int, Stage]] = defaultdict(dict)
        for pk, lesson_day, leads in lessons:
            stage = calendar.stage(leads, lesson_day, by_letter=by == planned_notices.BY_LETTER)
            if stage is not None:
                of_lead[stage.lead][pk] = stage
        for lead, stages in sorted(of_lead.items()):
            for pks in planned_notices.chunks(list(stages)):
                yield from _of_lessons(stages, pks, lead, by, now)


def _coming(now: datetime.datetime) -> list[tuple[int, datetime.date, tuple[int, ...]]]:
    """Lessons that may be near enough: key, day, and the leads of their intake."""
    leads = {
        pk: tuple(days)
        for pk, days in Intake.objects.order_by().values_list("pk", "reminder_days")
        if days
    }
    longest = max((max(days) for days in leads.values()), default=0)
    # A day off may bring a reminder forward by as many days again.
    horizon = now + DAY * (longest + sending_hours.LONGEST_WAIT) + planned_notices.letter_time()
    coming = Lesson.objects.filter(
        cancelled_at__isnull=True,
        class_session__cancelled_at__isnull=True,
        starts_at__gt=now,
        starts_at__lte=horizon,
    )
    rows = coming.order_by("pk").values_list("pk", "starts_at", "class_session__intake")
    return [
        (pk, timezone.localdate(starts_at), leads[intake_pk])
        for pk, starts_at, intake_pk in rows
        if intake_pk in leads
    ]


def _of_lessons(
    stages: dict[int, Stage],
    lesson_pks: Sequence[int],
    lead: int,
    by: frozenset[Notice.Channel],
    now: datetime.datetime,
) -> Iterator[Due]:
    seats = _seats(lesson_pks, lead, timezone.localdate(now))
    if by == planned_notices.BY_LETTER:
        seats = seats.filter(application__learner__no_phone_calls=True)
    columns = (
        "its_lesson",
        "application__learner",
        "application__learner__language",
        "application",
        "held_at",
        "changed_at",
    )
    rows = list(seats.values_list(*columns))
    lessons = planned_notices.load_lessons({row[0] for row in rows})
    for lesson_pk, learner_pk, language, application_pk, held_at, changed_at in rows:
        lesson, stage = lessons[lesson_pk], stages[lesson_pk]
        if held_at >= stage.begins or (changed_at is not None and changed_at >= stage.begins):
            # They heard of it on that day or later, with their seat or with its new date.
            continue
        yield Due(
            learner_pk=learner_pk,
            language=language,
            intake_pk=lesson.class_session.intake_id,
            application_pk=application_pk,
            lesson=lesson,
            purpose=Purpose.REMINDER,
            kind=Kind.REMINDER_NEXT if lead == 1 else Kind.REMINDER,
            occasion=f"lesson:{lesson.pk}:{lesson.revision}:{lead}",
            due_at=stage.due_at,
            until=lesson.starts_at,
            leaves_at=stage.leaves_at,
            facts={"lead": lead},
            by=by,
        )


def _seats(lesson_pks: Sequence[int], lead: int, today: datetime.date) -> QuerySet[Enrollment]:
    """The seats of these lessons whose people have no notice of this lead yet and did not say that
    they cannot come.

    With `changed_at`, when a notice was made that told them of the lesson's present date.
    """
    mine = Notice.objects.filter(learner=OuterRef("application__learner")).order_by()
    not_coming = Attendance.objects.filter(
        enrollment=OuterRef("pk"),
        lesson=OuterRef("its_lesson"),
        status=Attendance.Status.ABSENT_TOLD,
    ).order_by()
    # Annotated before anything is filtered, so that all of it speaks of one and the same lesson.
    present = ("class_session__lessons__pk", ":", "class_session__lessons__revision")
    return (
        Enrollment.objects.held()
        .annotate(
            its_lesson=F("class_session__lessons__pk"),
            its_occasion=planned_notices.occasion_of(*present, f":{lead}"),
            its_change=planned_notices.occasion_of(*present),
        )
        .filter(
            planned_notices.may_be_reminded("application__learner", today=today),
            ~Exists(mine.filter(purpose=Purpose.REMINDER, occasion=OuterRef("its_occasion"))),
            ~Exists(not_coming),
            its_lesson__in=lesson_pks,
        )
        .annotate(
            changed_at=Subquery(
                mine.filter(
                    purpose__in=(Purpose.CHANGED, Purpose.RESUMED),
                    occasion=OuterRef("its_change"),
                )
                .order_by("-created_at")
                .values("created_at")[:1]
            )
        )
        .order_by("its_lesson", "application__learner")
    )
