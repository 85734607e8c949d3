"""Somebody sits in the wrong class: which one fits, and the move or the wish for it."""

import datetime
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from classes import recommending, seat_changes
from classes.models import Enrollment, Lesson, StaffTask
from classes.recommending import Fit, Recommendation
from classes.steering import NoRoom
from learners.models import Learner
from staff.models import StaffMember

# Within how many days the coordinator sees to a wish that could not be met at once.
WISH_DAYS = 3


@dataclass(frozen=True)
class Proposal:
    """What fits somebody better than the class they sit in."""

    enrollment: Enrollment
    recommendation: Recommendation
    fits_already: bool
    # Those with a seat that may be given now, and those without.
    open_now: tuple[Fit, ...]
    full: tuple[Fit, ...]
    is_wished: bool


def propose(lesson: Lesson, learner: Learner, *, now: datetime.datetime) -> Proposal | None:
    """The classes of the intake at the level that fits; None for somebody without a seat here."""
    seat = (
        Enrollment.objects.held()
        .filter(class_session=lesson.class_session_id, application__learner=learner)
        .first()
    )
    if seat is None:
        return None
    session = lesson.class_session
    found = recommending.recommend(learner, now=now, intake=session.intake)
    missing = found.progress.next_level
    next_pk = found.level.pk if found.level else missing.step.level_pk if missing else None
    # Nothing is left to learn, or just what this class teaches.
    fits_already = next_pk in (None, session.course.level_id)
    fits = () if fits_already else found.fits
    wished = StaffTask.objects.filter(
        learner=learner,
        intake=session.intake,
        kind=StaffTask.Kind.MOVE_WANTED,
        done_at__isnull=True,
    )
    return Proposal(
        seat,
        found,
        fits_already,
        tuple(fit for fit in fits if fit.row.has_room),
        tuple(fit for fit in fits if not fit.row.has_room),
        wished.exists(),
    )


def move(
    proposal: Proposal,
    to_class_session_pk: int,
    *,
    reason: str,
    by: StaffMember,
    now: datetime.datetime,
) -> str:
    """Move the seat to one of the classes that were proposed; returns what to say.

    The old seat is free only once the new one is held. Raises NoRoom (steering) where the seat
    went meanwhile or the class was not proposed, and what `seat_changes.move` raises.
    """
    if to_class_session_pk not in {fit.class_session.pk for fit in proposal.open_now}:
        raise NoRoom
    return seat_changes.move(
        proposal.enrollment.pk, to_class_session_pk, reason=reason, by=by, now=now
    )


def wish(lesson: Lesson, learner: Learner, *, now: datetime.datetime) -> StaffTask:
    """No seat is free in a class that fits: let the coordinators see to it. Twice is once."""
    with transaction.atomic():
        task, is_new = StaffTask.objects.select_for_update().get_or_create(
            learner=learner,
            intake=lesson.class_session.intake,
            kind=StaffTask.Kind.MOVE_WANTED,
            defaults={"due_on": _due(now), "created_at": now},
        )
        if not is_new and task.done_at is not None:
            task.done_at = task.done_by = None
            task.due_on = _due(now)
            task.save(update_fields=["done_at", "done_by", "due_on"])
    return task


def _due(now: datetime.datetime) -> datetime.date:
    return timezone.localtime(now).date() + datetime.timedelta(days=WISH_DAYS)
