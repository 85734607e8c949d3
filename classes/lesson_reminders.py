"""Reminders of a lesson, so many days before as its intake says, for everybody with a seat.

Each lead (7 days, 1 day) has its window: from its day until the next smaller one's begins. A
lesson's revision is part of the occasion, so that one that moved is reminded of anew (rule 53).
"""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from classes import planned_notices
from classes.models import Enrollment, Lesson, MessageTemplate, Notice
from classes.planned_notices import DAY, Due
from sms.sending_hours import Hours

Kind = MessageTemplate.Kind
Purpose = Notice.Purpose

# The longest lead that an intake may ask for, in days, and how many of them.
LONGEST_LEAD, MOST_LEADS = 30, 4


@dataclass(frozen=True, slots=True)
class Stage:
    """One lesson in the window of one lead."""

    lesson_pk: int
    intake_pk: int
    lead: int
    # The day on which it is told, or the letter leaves.
    day: datetime.date


class Days:
    """The days on which something goes out, each looked up once."""

    def __init__(self, hours: Hours) -> None:
        self._hours = hours
        self._known: dict[datetime.date, datetime.date] = {}

    def open_day(self, day: datetime.date) -> datetime.date:
        found = self._known.get(day)
        if found is None:
            found = self._known[day] = planned_notices.open_day(day, self._hours)
        return found


def due(*, hours: Hours, now: datetime.datetime) -> Iterator[Due]:
    """Everybody to be reminded now; letters leave days earlier than a call would be made."""
    stages, letters = _stages(Days(hours), now)
    for by, found in (
        (planned_notices.BY_VOICE_OR_TEXT, stages),
        (planned_notices.BY_LETTER, letters),
    ):
        for lead in sorted({stage.lead for stage in found}):
            of_lead = {stage.lesson_pk: stage for stage in found if stage.lead == lead}
            for pks in planned_notices.chunks(list(of_lead)):
                yield from _of_lessons(of_lead, pks, lead, by, now)


def _stages(days: Days, now: datetime.datetime) -> tuple[list[Stage], list[Stage]]:
    """The lessons whose reminder is due on the phone, and those whose letter must leave."""
    today = timezone.localdate(now)
    back = planned_notices.letter_time()
    horizon = now + datetime.timedelta(days=LONGEST_LEAD + 30) + back
    coming = Lesson.objects.filter(
        cancelled_at__isnull=True,
        class_session__cancelled_at__isnull=True,
        starts_at__gt=now,
        starts_at__lte=horizon,
    ).values_list(
        "pk", "starts_at", "class_session__intake", "class_session__intake__reminder_days"
    )
    stages: list[Stage] = []
    letters: list[Stage] = []
    for pk, starts_at, intake_pk, leads in coming.order_by("pk"):
        lesson_day = timezone.localdate(starts_at)
        for found, earlier, last_day in (
            (stages, DAY * 0, lesson_day),
            (letters, back, lesson_day - datetime.timedelta(days=settings.POSTED_DAYS)),
        ):
            begun = [
                (lead, day)
                for lead in leads
                if (day := days.open_day(lesson_day - lead * DAY - earlier)) <= today
            ]
            if begun and today <= last_day:
                lead, day = min(begun)
                found.append(Stage(pk, intake_pk, lead, day))
    return stages, letters


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
        "class_session__lessons",
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
        if timezone.localdate(max(held_at, changed_at or held_at)) >= stage.day:
            # They heard of it on that day or later, with their seat or with its new date.
            continue
        yield Due(
            learner_pk=learner_pk,
            language=language,
            intake_pk=stage.intake_pk,
            application_pk=application_pk,
            lesson=lesson,
            purpose=Purpose.REMINDER,
            kind=Kind.REMINDER_NEXT if lead == 1 else Kind.REMINDER,
            occasion=f"lesson:{lesson.pk}:{lesson.revision}:{lead}",
            due_at=planned_notices.at(stage.day, planned_notices.MORNING),
            until=lesson.starts_at,
            leaves_at=planned_notices.at(stage.day, planned_notices.LETTERS_LEAVE),
            facts={"lead": lead},
            by=by,
        )


def _seats(lesson_pks: Sequence[int], lead: int, today: datetime.date) -> QuerySet[Enrollment]:
    """The seats of these lessons whose people have no notice of this lead yet.

    With `changed_at`, when a notice was made that told them of the lesson's present date.
    """
    told = ("class_session__lessons__pk", ":", "class_session__lessons__revision")
    mine = Notice.objects.filter(learner=OuterRef("application__learner")).order_by()
    return (
        Enrollment.objects.held()
        .filter(
            planned_notices.may_be_reminded("application__learner", today=today),
            class_session__lessons__in=lesson_pks,
        )
        .annotate(
            its_occasion=planned_notices.occasion_of(*told, f":{lead}"),
            its_change=planned_notices.occasion_of(*told),
        )
        .filter(~Exists(mine.filter(purpose=Purpose.REMINDER, occasion=OuterRef("its_occasion"))))
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
        .order_by("class_session__lessons__pk", "application__learner")
    )
