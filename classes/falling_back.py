"""No SMS reached them: the same notice goes on the call list, or by letter (rules 20, 52, 54)."""

import datetime
from collections.abc import Sequence

from classes import call_tasks, channels, deadlines, sentences
from classes.models import CallTask, Notice, Offer
from sms import outbox

# Load notices with these for `to_call_or_letter`.
NEEDS = (
    "learner",
    "intake",
    "offer__class_session__course__level__current",
    "offer__class_session__venue",
)


def to_call_or_letter(notices: Sequence[Notice], *, now: datetime.datetime) -> None:
    """Open notices, loaded with NEEDS under their intakes' locks; a few queries for all of them.

    Where a text only confirmed what was said on the phone, nothing follows (rule 60). An offer
    told by letter names a later deadline, for the post takes its days (rule 29).
    """
    told = [notice for notice in notices if _was_told(notice)]
    _settle_as_told(told, now)
    _tell_otherwise([notice for notice in notices if notice not in told], now)


def _was_told(notice: Notice) -> bool:
    offer = notice.offer
    return bool(notice.facts.get("spoken")) or (offer is not None and offer.told_at is not None)


def _settle_as_told(notices: Sequence[Notice], now: datetime.datetime) -> None:
    if notices:
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(
            channel=Notice.Channel.SPOKEN, settled_at=now, outcome=Notice.Outcome.TOLD
        )


def _tell_otherwise(notices: Sequence[Notice], now: datetime.datetime) -> None:
    if not notices:
        return
    for notice in notices:
        notice.channel = channels.without_text(no_phone_calls=notice.learner.no_phone_calls).channel
        if notice.channel == Notice.Channel.POST:
            notice.due_at = max(now, notice.due_at - deadlines.post_time())
            _put_into_letter(notice, now)
    Notice.objects.bulk_update(notices, ["channel", "due_at", "sentence"])
    called = [notice for notice in notices if notice.channel == Notice.Channel.CALL]
    CallTask.objects.filter(notice__in=called).update(
        closed_at=None, claimed_by=None, claimed_at=None
    )
    there = set(CallTask.objects.filter(notice__in=called).values_list("notice", flat=True))
    CallTask.objects.bulk_create(
        [
            call_tasks.of(notice, now=now, sorted_by=call_tasks.urgency(notice, now=now))
            for notice in called
            if notice.pk not in there
        ]
    )


def stop_messages(message_pks: Sequence[int], *, now: datetime.datetime) -> int:
    """Take back what is queued and no open notice points to any more (rule 53)."""
    if not message_pks:
        return 0
    needed = Notice.objects.to_text().filter(message__in=message_pks)
    return outbox.cancel(set(message_pks) - set(needed.values_list("message", flat=True)), now=now)


def _put_into_letter(notice: Notice, now: datetime.datetime) -> None:
    offer = notice.offer
    if offer is None or offer.status != Offer.Status.OPEN:
        return
    offer.printed_deadline = deadlines.in_letter(notice.intake, now=now)
    offer.save(update_fields=["printed_deadline"])
    notice.sentence = sentences.offer(
        notice.learner, offer.class_session, offer.seats, offer.printed_deadline
    )
