"""What became of messages comes back to their notices, which find another way where one failed.

A sweep: several workers may run it at once, and doing it twice changes nothing (rules 29, 54, 55).
"""

import datetime
from collections.abc import Callable, Mapping, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from classes import call_tasks, falling_back, still_true, unanswered, waitlist
from classes.locking import lock_intakes
from classes.models import CallTask, Intake, Notice, Offer
from classes.models.notices import NoticeQuerySet
from classes.still_true import Truth
from sms import suppression
from sms.models import OutboundMessage
from sms.models.messages import OutboundMessageQuerySet

Status = OutboundMessage.Status
Outcome = Notice.Outcome
Locked = Mapping[int, Intake]

# So many messages are looked at in one transaction, so that the desk never waits long.
BATCH = 200
# A message that gave no sign for so long is asked about no more (rule 55).
GIVEN_UP = datetime.timedelta(hours=72)
NOTHING = (*OutboundMessage.CAME_TO_NOTHING, Status.CANCELLED)
SILENT = (Status.SENT, Status.UNKNOWN)
NEEDS = tuple(sorted({*still_true.NEEDS, *falling_back.NEEDS, "message"}))


def sweep(*, now: datetime.datetime) -> int:
    """Settle what messages came to, call whom they did not reach, and let go what is past.

    Returns how many notices were settled, go another way, or were made.
    """
    ended = OutboundMessage.objects.filter(
        status__in=(Status.DELIVERED, *NOTHING), settled_at__isnull=True
    )
    given_up = OutboundMessage.objects.filter(
        _silent_since(now - GIVEN_UP), status__in=SILENT, settled_at__isnull=True
    )
    return (
        _sweep(ended, _settle_ended, now=now)
        + _sweep(given_up, _settle_given_up, now=now)
        + _find_another_way(_silent_too_long(now), now=now)
        + _find_another_way(Notice.objects.to_text().filter(message=None), now=now)
        + unanswered.settle_passed(now=now)
        + unanswered.call_before_offers_end(now=now)
    )


def _sweep(
    due: OutboundMessageQuerySet,
    settle: Callable[[Sequence[Notice], Locked, datetime.datetime], int],
    *,
    now: datetime.datetime,
) -> int:
    """Go through the messages in batches, each under the locks of all that it tells of."""
    changed, last = 0, 0
    while pks := list(due.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        last = pks[-1]
        of_these = Notice.objects.filter(message__in=due.filter(pk__in=pks))
        with transaction.atomic():
            # Also of what is settled: an undo may open it again, and its message with it.
            locked = {i.pk: i for i in lock_intakes(of_these.values_list("intake", flat=True))}
            unsettled = of_these.filter(Q(settled_at__isnull=True) | Q(outcome=Outcome.SENT))
            notices = _load(unsettled.filter(intake__in=locked))
            changed += settle(notices, locked, now)
            due.filter(pk__in=pks).change(settled_at=now)
    return changed


def _settle_ended(notices: Sequence[Notice], locked: Locked, now: datetime.datetime) -> int:
    delivered = [n for n in notices if n.message and n.message.status == Status.DELIVERED]
    arrived = _at_their_people(delivered)
    _arrived(arrived, locked, now)
    failed = [
        n
        for n in notices
        if n not in delivered and n.settled_at is None and n.channel == Notice.Channel.SMS
    ]
    _came_to_nothing(failed, now)
    return len(arrived) + len(failed)


def _at_their_people(delivered: Sequence[Notice]) -> list[Notice]:
    """What arrived at another person's told nobody, and goes another way by now (rule 58)."""
    wrong = suppression.of_others(n.message.to for n in delivered if n.message)
    return [
        n
        for n in delivered
        if n.channel == Notice.Channel.SMS or n.message is None or n.message.to not in wrong
    ]


def _settle_given_up(notices: Sequence[Notice], locked: Locked, now: datetime.datetime) -> int:
    """It went out and nothing more is known: that is what is kept (rule 55)."""
    waiting = [n.pk for n in notices if n.settled_at is None and n.channel == Notice.Channel.SMS]
    return _settle(waiting, Outcome.SENT, now)


def _arrived(notices: Sequence[Notice], locked: Locked, now: datetime.datetime) -> None:
    """Told, whatever way it goes by now; an offer's time runs from this moment (rule 29)."""
    for notice in notices:
        offer, message = notice.offer, notice.message
        if offer is None or message is None or notice.settled_at is not None:
            continue
        if offer.status == Offer.Status.OPEN and offer.announced_at and offer.told_at is None:
            waitlist.tell(
                locked[notice.intake_id],
                offer,
                told_by=Offer.ToldBy.SMS,
                by=None,
                now=message.delivered_at or now,
            )
    told = [notice.pk for notice in notices if notice.settled_at is None]
    moment = OutboundMessage.objects.filter(pk=OuterRef("message")).values("delivered_at")[:1]
    Notice.objects.filter(pk__in=told).update(
        settled_at=Coalesce(Subquery(moment), Value(now)), outcome=Outcome.DELIVERED
    )
    Notice.objects.filter(
        pk__in=[notice.pk for notice in notices if notice.outcome == Outcome.SENT]
    ).update(outcome=Outcome.DELIVERED)
    _close_calls(told, now)


def _came_to_nothing(notices: Sequence[Notice], now: datetime.datetime) -> None:
    """What still matters is called about or written (rule 54); who was told on the phone, was."""
    truths = still_true.of(notices, now=now)
    holds = [notice for notice in notices if truths[notice.pk] is Truth.HOLDS]
    falling_back.to_call_or_letter(holds, now=now)
    _settle([n.pk for n in notices if truths[n.pk] is Truth.GONE], Outcome.DROPPED, now)
    late = [n for n in notices if truths[n.pk] is Truth.PASSED]
    left = [n.pk for n in late if n.message and n.message.status in SILENT]
    _settle(left, Outcome.SENT, now)
    _settle([n.pk for n in late if n.pk not in left], Outcome.MISSED, now)


def _find_another_way(silent: NoticeQuerySet, *, now: datetime.datetime) -> int:
    """Notices that no message may be relied upon for: a call or a letter where it matters.

    The message stays known: if it arrives after all, the call is not needed any more.
    """
    changed = 0
    for intake_pk in list(silent.order_by("intake").values_list("intake", flat=True).distinct()):
        with transaction.atomic():
            lock_intakes([intake_pk])
            notices = _load(silent.filter(intake=intake_pk))
            _came_to_nothing(notices, now)
            changed += len(notices)
    return changed


def _silent_too_long(now: datetime.datetime) -> NoticeQuerySet:
    """Where delivery is not confirmed and it matters: offers after hours, the lesson that is near
    after minutes (rule 55)."""
    hours = datetime.timedelta(hours=settings.SMS_UNCONFIRMED_HOURS)
    minutes = datetime.timedelta(minutes=settings.SMS_UNCONFIRMED_MINUTES)
    near = Q(purpose__in=call_tasks.ABOUT_LESSONS, due_at__lte=now + call_tasks.DAY)
    matters = Q(purpose__in=(Notice.Purpose.OFFER, *call_tasks.ABOUT_LESSONS))
    late = matters & _silent_since(now - hours, "message__")
    pressing = near & _silent_since(now - minutes, "message__")
    return Notice.objects.to_text().filter(late | pressing, message__status__in=SILENT)


def _silent_since(moment: datetime.datetime, path: str = "") -> Q:
    """Sent before this moment; what nobody knows to be sent, unknown since before it."""
    return Q(**{f"{path}sent_at__lte": moment}) | Q(
        **{f"{path}sent_at__isnull": True, f"{path}status_at__lte": moment}
    )


def _load(notices: NoticeQuerySet) -> list[Notice]:
    return list(notices.select_related(*NEEDS).order_by("pk"))


def _settle(notice_pks: Sequence[int], outcome: Notice.Outcome, now: datetime.datetime) -> int:
    if not notice_pks:
        return 0
    waiting = Notice.objects.filter(pk__in=notice_pks, settled_at__isnull=True)
    return waiting.update(settled_at=now, outcome=outcome)


def _close_calls(notice_pks: Sequence[int], now: datetime.datetime) -> None:
    CallTask.objects.open().filter(notice__in=notice_pks).update(
        closed_at=now, claimed_by=None, claimed_at=None
    )
