"""Telling everybody who holds a seat what became of a lesson: moved, added, cancelled, resumed.

A lesson's revision makes the occasion (rule 52), so that moved and moved back is told twice.
"""

import datetime

from django.db.models import Q, QuerySet

from classes import lesson_sentences, notices
from classes.models import Disruption, Enrollment, Lesson, Notice
from staff.models import StaffMember

DAY = datetime.timedelta(days=1)
# What is about to happen comes before everything that can wait until tomorrow.
AT_ONCE = 0
ABOUT_LESSONS = (Notice.Purpose.CHANGED, Notice.Purpose.CANCELLED, Notice.Purpose.RESUMED)


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
    known = _last_heard(about)
    began = dict(lesson.history.order_by("history_date", "pk").values_list("revision", "starts_at"))
    know_it_is_off = _heard(about, Notice.Purpose.CANCELLED, lesson.revision - 1)
    _drop_open(about, by=by, now=now)
    told = []
    for seat in _seats_of(lesson):
        learner = seat.application.learner
        heard = known.get(learner.pk, lesson.revision - 1)
        if heard:
            day = began.get(heard, old_starts_at)
            sentence = lesson_sentences.changed(learner, lesson, day)
        else:
            sentence = lesson_sentences.added(learner, lesson)
        # Nobody sets out for a day that they know is off, or that has passed.
        off = learner.pk in know_it_is_off or old_starts_at <= now
        earliest = lesson.starts_at if off else min(old_starts_at, lesson.starts_at)
        told.append(
            _tell(seat, lesson, Notice.Purpose.CHANGED, sentence, earliest=earliest, now=now)
        )
    return told


def added(lesson: Lesson, *, now: datetime.datetime) -> list[Notice]:
    """Tell everybody who holds a seat that their class has one lesson more."""
    return [
        _tell(
            seat,
            lesson,
            Notice.Purpose.CHANGED,
            lesson_sentences.added(seat.application.learner, lesson),
            earliest=lesson.starts_at,
            now=now,
        )
        for seat in _seats_of(lesson)
    ]


def cancelled(
    lesson: Lesson, disruption: Disruption, *, by: StaffMember | None, now: datetime.datetime
) -> list[Notice]:
    """Tell everybody who holds a seat not to set out; calls stand in the order of the hour."""
    _drop_open(_about(lesson), by=by, now=now)
    return [
        _tell(
            seat,
            lesson,
            Notice.Purpose.CANCELLED,
            lesson_sentences.cancelled(seat.application.learner, lesson, disruption),
            earliest=lesson.starts_at,
            now=now,
        )
        for seat in _seats_of(lesson)
    ]


def resumed(
    lesson: Lesson, disruption: Disruption, *, by: StaffMember | None, now: datetime.datetime
) -> list[Notice]:
    """It takes place after all: tell whoever heard that it would not.

    Whoever had not heard hears nothing of it, but what they had still to hear before.
    """
    about = _about(lesson)
    heard = _heard(about, Notice.Purpose.CANCELLED, lesson.revision - 1)
    _drop_open(about, by=by, now=now)
    earlier = Q(pk__in=about.filter(purpose=Notice.Purpose.CHANGED).exclude(learner__in=heard))
    notices.restore(earlier, disruption.started_at)
    return [
        _tell(
            seat,
            lesson,
            Notice.Purpose.RESUMED,
            lesson_sentences.resumed(seat.application.learner, lesson),
            earliest=lesson.starts_at,
            now=now,
        )
        for seat in _seats_of(lesson)
        if seat.application.learner_id in heard
    ]


def _about(lesson: Lesson) -> QuerySet[Notice]:
    return Notice.objects.filter(
        purpose__in=ABOUT_LESSONS, occasion__startswith=f"lesson:{lesson.pk}:"
    )


def _drop_open(about: QuerySet[Notice], *, by: StaffMember | None, now: datetime.datetime) -> None:
    still_open = list(about.filter(settled_at__isnull=True).values_list("pk", flat=True))
    notices.drop(Q(pk__in=still_open), by=by, now=now)


def _seats_of(lesson: Lesson) -> QuerySet[Enrollment]:
    return (
        Enrollment.objects.held()
        .filter(class_session=lesson.class_session_id)
        .select_related("application__learner", "application__intake")
    )


def _tell(
    seat: Enrollment,
    lesson: Lesson,
    purpose: Notice.Purpose,
    sentence: str,
    *,
    earliest: datetime.datetime,
    now: datetime.datetime,
) -> Notice:
    """Due the day before; within a day of it at once, the nearest hour first."""
    is_near = earliest - DAY <= now
    return notices.create(
        seat.application,
        purpose,
        f"lesson:{lesson.pk}:{lesson.revision}",
        sentence,
        due_at=max(now, earliest if is_near else earliest - DAY),
        now=now,
        urgency=AT_ONCE if is_near else None,
    )


def _heard(about: QuerySet[Notice], purpose: Notice.Purpose, revision: int) -> set[int]:
    """The learners who were told just that of this revision."""
    told = about.filter(purpose=purpose, settled_at__isnull=False)
    return {
        notice.learner_id
        for notice in told.exclude(outcome=Notice.Outcome.DROPPED)
        if _revision(notice) == revision
    }


def _last_heard(about: QuerySet[Notice]) -> dict[int, int]:
    """Learner → the revision they know, for those with moves they were not told of; 0 if none."""
    known: dict[int, int] = {}
    for notice in sorted(about, key=_revision):
        if notice.settled_at is not None and notice.outcome != Notice.Outcome.DROPPED:
            known.pop(notice.learner_id, None)
        else:
            known.setdefault(notice.learner_id, _revision(notice) - 1)
    return known


def _revision(notice: Notice) -> int:
    return int(notice.occasion.rpartition(":")[2])
