"""Telling everybody who holds a seat what became of a lesson: moved, added, cancelled, resumed.

A lesson's revision makes the occasion (rule 52), so that moved and moved back is told twice.
"""

import datetime
from collections.abc import Callable, Collection

from django.db.models import Q, QuerySet

from classes import call_tasks, lesson_sentences, notice_endings
from classes.models import Disruption, Enrollment, Lesson, MessageTemplate, Notice
from classes.models.notices import NoticeQuerySet
from classes.telling import ToTell, tell
from learners.models import Learner
from staff.models import StaffMember

DAY = datetime.timedelta(days=1)
Kind = MessageTemplate.Kind
Purpose = Notice.Purpose


def changed(
    lesson: Lesson,
    *,
    old_starts_at: datetime.datetime,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[Notice]:
    """Tell everybody who holds a seat that a lesson moved.

    Whoever was not yet told of an earlier move is told of this one alone, from the day they know.
    """
    about = _about(lesson)
    _drop_open(about, by=by, now=now)
    _drop_reminders(lesson, by=by, now=now)
    known = _last_heard(about)
    began = dict(lesson.history.order_by("history_date", "pk").values_list("revision", "starts_at"))
    know_it_is_off = _heard(about, Purpose.CANCELLED, lesson.revision - 1)
    wanted = []
    for seat in _seats_of(lesson):
        learner = seat.application.learner
        heard = known.get(learner.pk, lesson.revision - 1)
        day = began.get(heard, old_starts_at)
        # Nobody sets out for a day that they know is off, or that has passed.
        off = learner.pk in know_it_is_off or old_starts_at <= now
        wanted.append(
            _to_tell(
                seat,
                lesson,
                Purpose.CHANGED,
                lesson_sentences.changed(learner, lesson, day)
                if heard
                else lesson_sentences.added(learner, lesson),
                text=Kind.CHANGED if heard else Kind.ADDED,
                facts={"old": day.isoformat()} if heard else {},
                earliest=lesson.starts_at if off else min(old_starts_at, lesson.starts_at),
                now=now,
            )
        )
    return tell(wanted, now=now, by=by)


def added(lesson: Lesson, *, now: datetime.datetime) -> list[Notice]:
    """Tell everybody who holds a seat that their class has one lesson more."""
    return _tell_all(
        lesson,
        Purpose.CHANGED,
        Kind.ADDED,
        lambda learner: lesson_sentences.added(learner, lesson),
        now=now,
    )


def cancelled(
    lesson: Lesson, disruption: Disruption, *, by: StaffMember | None, now: datetime.datetime
) -> list[Notice]:
    """Tell everybody who holds a seat not to set out; calls stand in the order of the hour."""
    _drop_open(_about(lesson), by=by, now=now)
    _drop_reminders(lesson, by=by, now=now)
    other = disruption.cause == Disruption.Cause.OTHER
    return _tell_all(
        lesson,
        Purpose.CANCELLED,
        Kind.CANCELLED,
        lambda learner: lesson_sentences.cancelled(learner, lesson, disruption),
        facts={"reason": disruption.reason if other else str(disruption.cause)},
        now=now,
    )


def resumed(
    lesson: Lesson, disruption: Disruption, *, by: StaffMember | None, now: datetime.datetime
) -> list[Notice]:
    """It takes place after all: tell whoever heard that it would not, or may have.

    Whoever had not heard hears nothing of it, but what they had still to hear before.
    """
    about = _about(lesson)
    # Dropped first: what leaves in this moment has left, and counts as heard.
    _drop_open(about, by=by, now=now)
    heard = _heard(about, Purpose.CANCELLED, lesson.revision - 1)
    earlier = Q(pk__in=about.filter(purpose=Purpose.CHANGED).exclude(learner__in=heard))
    notice_endings.restore(earlier, disruption.started_at, now=now)
    return _tell_all(
        lesson,
        Purpose.RESUMED,
        Kind.RESUMED,
        lambda learner: lesson_sentences.resumed(learner, lesson),
        only=heard,
        now=now,
    )


def _about(lesson: Lesson) -> NoticeQuerySet:
    return Notice.objects.filter(
        purpose__in=call_tasks.ABOUT_LESSONS, occasion__startswith=f"lesson:{lesson.pk}:"
    )


def _drop_open(about: NoticeQuerySet, *, by: StaffMember | None, now: datetime.datetime) -> None:
    still_open = list(about.filter(settled_at__isnull=True).values_list("pk", flat=True))
    notice_endings.drop(Q(pk__in=still_open), by=by, now=now)


def _drop_reminders(lesson: Lesson, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """What was to remind of the day it had (rule 53); `classes.reminders` plans new ones."""
    of_it = Q(lesson=lesson, purpose=Purpose.REMINDER)
    notice_endings.drop(of_it, by=by, now=now)


def _seats_of(lesson: Lesson) -> QuerySet[Enrollment]:
    return (
        Enrollment.objects.held()
        .filter(class_session=lesson.class_session_id)
        .select_related("application__learner", "application__intake")
    )


def _tell_all(
    lesson: Lesson,
    purpose: Notice.Purpose,
    text: MessageTemplate.Kind,
    say: Callable[[Learner], str],
    *,
    now: datetime.datetime,
    facts: dict[str, str] | None = None,
    only: Collection[int] | None = None,
) -> list[Notice]:
    return tell(
        [
            _to_tell(
                seat,
                lesson,
                purpose,
                say(seat.application.learner),
                text=text,
                facts=facts or {},
                earliest=lesson.starts_at,
                now=now,
            )
            for seat in _seats_of(lesson)
            if only is None or seat.application.learner_id in only
        ],
        now=now,
    )


def _to_tell(
    seat: Enrollment,
    lesson: Lesson,
    purpose: Notice.Purpose,
    sentence: str,
    *,
    text: MessageTemplate.Kind,
    facts: dict[str, str],
    earliest: datetime.datetime,
    now: datetime.datetime,
) -> ToTell:
    """Due the day before; within a day of it at once, the nearest hour first."""
    is_near = earliest - DAY <= now
    return ToTell(
        seat.application,
        purpose,
        f"lesson:{lesson.pk}:{lesson.revision}",
        sentence,
        due_at=max(now, earliest if is_near else earliest - DAY),
        text=text,
        class_session=lesson.class_session,
        lesson=lesson,
        facts=facts,
        until=earliest,
        urgency=call_tasks.AT_ONCE if is_near else None,
    )


def _heard(about: NoticeQuerySet, purpose: Notice.Purpose, revision: int) -> set[int]:
    """The learners who were told just that of this revision, or whose SMS about it has left."""
    heard = about.may_have_heard().filter(purpose=purpose)
    return {notice.learner_id for notice in heard if _revision(notice) == revision}


def _last_heard(about: NoticeQuerySet) -> dict[int, int]:
    """Learner → the revision they know, for those with moves they were not told of; 0 if none."""
    heard = set(about.may_have_heard().values_list("pk", flat=True))
    known: dict[int, int] = {}
    for notice in sorted(about, key=_revision):
        if notice.pk in heard:
            known.pop(notice.learner_id, None)
        else:
            known.setdefault(notice.learner_id, _revision(notice) - 1)
    return known


def _revision(notice: Notice) -> int:
    return int(notice.occasion.rpartition(":")[2])
