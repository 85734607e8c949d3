"""発送一覧: what goes by letter or fax, when it must leave, and that it left (rules 20 and 29)."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from classes import calls, deadlines, notices, waitlist
from classes.events import event, log
from classes.locking import lock_intake, lock_intakes
from classes.models import Application, CallTask, Notice, Offer, PlaceEvent
from learners.models import Learner, PhoneNumber
from staff.models import StaffMember

SENT = (Notice.Outcome.POSTED, Notice.Outcome.FAXED)


class CannotPutBack(Exception):
    """Too late, or the offer in the letter was answered meanwhile."""


@dataclass(frozen=True)
class Line:
    """One line of the list: the notice and where it goes."""

    notice: Notice
    fax_numbers: tuple[PhoneNumber, ...]
    is_late: bool

    @property
    def by_fax(self) -> bool:
        """Asked for by fax, and there is a number to send it to."""
        wanted = self.notice.learner.postal_channel == Learner.PostalChannel.FAX
        return wanted and bool(self.fax_numbers)


def to_send(*, now: datetime.datetime) -> list[Line]:
    """Everything that must leave, the earliest leave-by first; two queries however many."""
    open_notices = (
        Notice.objects.to_post()
        .select_related("learner", "intake", "offer")
        .prefetch_related("learner__phone_numbers")
        .order_by("due_at", "pk")
    )
    return [Line(notice, _faxes(notice.learner), notice.due_at < now) for notice in open_notices]


def sent_since(since: datetime.datetime) -> QuerySet[Notice]:
    """What left lately, the latest first."""
    return (
        Notice.objects.filter(channel=Notice.Channel.POST, outcome__in=SENT, settled_at__gte=since)
        .select_related("learner", "intake", "offer", "settled_by")
        .order_by("-settled_at", "-pk")
    )


def mark_sent(
    notice_pks: Iterable[int],
    *,
    how: Notice.Outcome,
    by: StaffMember,
    now: datetime.datetime,
) -> list[Notice]:
    """These left by post or fax; an offer counts as told from then on (rule 29).

    What was marked before, or is no longer needed, is left alone. Returns what was marked now.
    Raises ValueError for another outcome than posted or faxed.
    """
    if how not in SENT:
        raise ValueError("a letter is posted or faxed")
    told_by = Offer.ToldBy.FAX if how == Notice.Outcome.FAXED else Offer.ToldBy.POST
    wanted = Notice.objects.to_post().filter(pk__in=list(notice_pks))
    with transaction.atomic():
        locked = {i.pk: i for i in lock_intakes(wanted.values_list("intake", flat=True))}
        marked = list(
            wanted.filter(intake__in=locked).select_related("learner", "offer").order_by("pk")
        )
        for notice in marked:
            notice.settled_at = now
            notice.settled_by = by
            notice.outcome = how
            notice.save(update_fields=["settled_at", "settled_by", "outcome"])
            if notice.offer is not None:
                intake = locked[notice.intake_id]
                waitlist.tell(intake, notice.offer, told_by=told_by, by=by, now=now)
        return marked


def put_back(notice_pk: int, *, by: StaffMember, now: datetime.datetime) -> Notice:
    """It was marked as sent by mistake: back on the list, within the intake's undo window.

    An offer in it runs no time until it is told anew. Raises CannotPutBack.
    """
    with transaction.atomic():
        notice = Notice.objects.select_related("offer", "application__learner").get(pk=notice_pk)
        intake = lock_intake(notice.intake_id)
        notice.refresh_from_db(fields=["settled_at", "outcome"])
        undo = datetime.timedelta(minutes=intake.undo_minutes)
        if notice.outcome not in SENT or not notice.settled_at or now >= notice.settled_at + undo:
            raise CannotPutBack
        offer = notice.offer
        if offer is not None:
            offer.refresh_from_db()
            if offer.status != Offer.Status.OPEN:
                raise CannotPutBack
            offer.told_at = offer.expires_at = None
            offer.told_by = ""
            offer.save(update_fields=["told_at", "told_by", "expires_at"])
        notice.settled_at = notice.settled_by = None
        notice.outcome = ""
        notice.save(update_fields=["settled_at", "settled_by", "outcome"])
        _log_correction(notice, "put_back", by=by, now=now)
        return notice


def post_instead(task_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> Notice | None:
    """Nobody picks up, or there is no number: the same notice goes by letter (rule 52).

    None where the call need not be made any more.
    """
    with transaction.atomic():
        lock_pk = Notice.objects.values_list("intake", flat=True).get(call_task=task_pk)
        intake = lock_intake(lock_pk)
        task = CallTask.objects.open().filter(pk=task_pk).select_related(*calls.PANEL).first()
        if task is None:
            return None
        notice = task.notice
        notice.channel = Notice.Channel.POST
        notice.due_at = now
        notice.sentence = calls.sentence(task, now=now)
        notice.save(update_fields=["channel", "due_at", "sentence"])
        offer = notice.offer
        if offer is not None and offer.status == Offer.Status.OPEN:
            offer.printed_deadline = deadlines.in_letter(intake, now=now)
            offer.save(update_fields=["printed_deadline"])
            notices.reword_offer(notice, offer)
        CallTask.objects.filter(pk=task_pk).update(closed_at=now, claimed_by=None, claimed_at=None)
        _log_correction(notice, "by_post", by=by, now=now)
        return notice


def reroute_no_phone(*, now: datetime.datetime) -> int:
    """Calls to people who became 電話不可 since go by letter (rule 20); returns how many."""
    unwanted = CallTask.objects.open().filter(notice__learner__no_phone_calls=True)
    pks = list(unwanted.order_by("pk").values_list("pk", flat=True))
    return sum(post_instead(pk, by=None, now=now) is not None for pk in pks)


def renew_deadlines(*, now: datetime.datetime) -> int:
    """Letters about offers that lie here: the deadline they name moves on, a day at a time, so
    that whoever reads it has the offer period left (rule 29). Returns how many were reworded."""
    waiting = (
        Notice.objects.to_post()
        .filter(offer__status=Offer.Status.OPEN, offer__told_at__isnull=True)
        .select_related("offer__class_session__course__level__current", "learner", "intake")
        .select_related("offer__class_session__venue")
        .prefetch_related("offer__class_session__lessons")
    )
    renewed = 0
    for notice in waiting:
        offer = notice.offer
        fresh = deadlines.in_letter(notice.intake, now=now)
        if offer is None or (offer.printed_deadline or fresh) > fresh - datetime.timedelta(days=1):
            continue
        with transaction.atomic():
            lock_intake(notice.intake_id)
            changed = Offer.objects.open().filter(pk=offer.pk, told_at__isnull=True)
            if changed.update(printed_deadline=fresh):
                offer.printed_deadline = fresh
                notices.reword_offer(notice, offer)
                renewed += 1
    return renewed


def _faxes(learner: Learner) -> tuple[PhoneNumber, ...]:
    return tuple(n for n in learner.phone_numbers.all() if n.line == PhoneNumber.Line.FAX)


def _log_correction(
    notice: Notice, what: str, *, by: StaffMember | None, now: datetime.datetime
) -> None:
    application = notice.application
    if not isinstance(application, Application):
        return
    kind = PlaceEvent.Kind.CORRECTED
    log([event(kind, application, by=by, now=now, offer=notice.offer, details={"notice": what})])
