"""Freezing the list before a draw, and taking that back until a seed exists (rules 25 and 33)."""

import datetime

from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from classes import dates
from classes.locking import lock_intake, require_lock
from classes.lottery import listing, proof
from classes.lottery.listing import Listed
from classes.models import Intake, Lesson, LotteryDraw
from staff.models import StaffMember


class NotNow(ValueError):
    """The list cannot be frozen, drawn or taken back now; the message, translated, says why."""


def freeze(
    intake_pk: int, *, by: StaffMember, now: datetime.datetime, reason: str = ""
) -> LotteryDraw:
    """Fix the list and its hash. A second press gets the list that is frozen already.

    After a draw this begins a new one that will replace it, with a reason. Raises NotNow.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        open_draw = intake.draws.in_progress().first()
        if open_draw is not None:
            return open_draw
        former = standing(intake)
        _check(intake, former, reason, now)
        listed = listing.compose(intake, former=former, now=now)
        if not listed.drawing.entries:
            raise NotNow(_("Nobody is on the list, so there is nothing to draw."))
        return _store(listed, former, reason=reason.strip(), by=by, now=now)


def take_back(draw_pk: int, *, by: StaffMember, now: datetime.datetime) -> None:
    """Open the list again, as long as no seed exists. Raises NotNow."""
    with transaction.atomic():
        intake = lock_intake(LotteryDraw.objects.get(pk=draw_pk).intake_id)
        draw = LotteryDraw.objects.get(pk=draw_pk)
        if draw.status == LotteryDraw.Status.TAKEN_BACK:
            return
        if draw.status != LotteryDraw.Status.FROZEN:
            raise NotNow(_("The seed is fixed, so the list stays as it is."))
        draw.status = LotteryDraw.Status.TAKEN_BACK
        draw.taken_back_at, draw.taken_back_by = now, by
        # The place of what it was to replace is free for the next list.
        draw.supersedes = None
        draw.save(update_fields=["status", "taken_back_at", "taken_back_by", "supersedes"])
        reopen_list(intake)


def standing(intake: Intake) -> LotteryDraw | None:
    """The draw whose result counts, if there has been one."""
    return intake.draws.standing().first()


def first_lesson(intake: Intake) -> datetime.datetime | None:
    """When the first lesson of the intake begins: until then it may be drawn anew (rule 33)."""
    lessons = Lesson.objects.filter(
        class_session__intake=intake,
        class_session__cancelled_at__isnull=True,
        cancelled_at__isnull=True,
    )
    start: datetime.datetime | None = lessons.aggregate(first=Min("starts_at"))["first"]
    return start


def why_not_yet(intake: Intake, *, now: datetime.datetime) -> str:
    """Why the list cannot be frozen now, translated; empty where it can."""
    if intake.is_lottery:
        if now < intake.closes_at:
            return _("Reception is open until %(day)s. The list can be frozen after that.") % {
                "day": dates.moment(intake.closes_at)
            }
        return ""
    if intake.line_order != Intake.LineOrder.DRAWN or intake.line_cutoff_at is None:
        return _("This intake draws nothing: seats and the line go by received time.")
    if now < intake.line_cutoff_at:
        return _("The lines are drawn after %(day)s.") % {
            "day": dates.moment(intake.line_cutoff_at)
        }
    return ""


def reopen_list(intake: Intake) -> None:
    """Applications, choices and capacities may change again."""
    require_lock(intake)
    intake.list_frozen_at = None
    Intake.objects.filter(pk=intake.pk).update(list_frozen_at=None)


def _check(intake: Intake, former: LotteryDraw | None, reason: str, now: datetime.datetime) -> None:
    not_yet = why_not_yet(intake, now=now)
    if not_yet:
        raise NotNow(not_yet)
    if former is None:
        return
    begins = first_lesson(intake)
    if begins is not None and now >= begins:
        raise NotNow(_("The first lesson has begun: the draw stands."))
    if not reason.strip():
        raise NotNow(_("Write why it is drawn again: the reason is public."))


def _store(
    listed: Listed,
    former: LotteryDraw | None,
    *,
    reason: str,
    by: StaffMember,
    now: datetime.datetime,
) -> LotteryDraw:
    intake = listed.intake
    last = intake.draws.aggregate(last=Max("number"))["last"] or 0
    text = proof.canonical(listed.document(number=last + 1, now=now))
    draw = LotteryDraw.objects.create(
        intake=intake,
        kind=listed.kind,
        number=last + 1,
        list_text=text,
        list_sha256=proof.sha256(text),
        frozen_at=now,
        frozen_by=by,
        reason=reason,
        supersedes=former,
    )
    if listed.kind == LotteryDraw.Kind.INTAKE:
        intake.list_frozen_at = now
        Intake.objects.filter(pk=intake.pk).update(list_frozen_at=now)
    return draw
