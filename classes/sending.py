"""Right before a message goes, everything it says is looked at again and worded anew (rule 53)."""

import datetime
from collections import defaultdict
from collections.abc import Sequence

from classes import bulk, channels, deadlines, message_facts, message_texts, still_true
from classes.models import Notice, Offer
from classes.still_true import Truth
from sms.models import OutboundMessage
from sms.verdicts import Drop, Send, Verdict

# A word for `OutboundMessage.purpose`: staff wrote it, and it tells of nothing that could lapse but
# with the death of whoever it goes to.
BY_HAND = "reply"
NEEDS = tuple(sorted({*still_true.NEEDS, *message_texts.NEEDS, "message"}))


def still_holds(messages: Sequence[OutboundMessage], at: datetime.datetime) -> dict[int, Verdict]:
    """What may go, in the words of this moment (明日 → 本日); a constant number of queries.

    Each open notice of a message is looked at; where one of two people of a number is out, the
    other is told alone. What no notice asks for any more is dropped; a notice whose number no
    longer is theirs, or may get no messages, is told otherwise (`classes.outcomes_of_messages`).
    """
    notices = list(
        Notice.objects.to_text()
        .filter(message__in=[message.pk for message in messages])
        .select_related(*NEEDS)
        .prefetch_related(*message_texts.PREFETCH)
        .order_by("pk")
    )
    truths = still_true.of(notices, now=at)
    numbers = channels.numbers_of({notice.learner_id for notice in notices})
    to_say: dict[int, list[Notice]] = defaultdict(list)
    for notice in notices:
        message = notice.message
        if (
            message is not None
            and truths[notice.pk] is Truth.HOLDS
            and message.to in numbers.get(notice.learner_id, ())
        ):
            to_say[message.pk].append(notice)
    spoken = [notice for group in to_say.values() for notice in group]
    _detach_the_others(notices, to_say)
    _renew_deadlines(spoken, at)
    wordings = message_texts.Wordings.load()
    places = message_facts.places_in_line(spoken)
    by_hand = [message for message in messages if message.purpose == BY_HAND]
    dead = channels.of_the_dead(message.to for message in by_hand) if by_hand else ()
    verdicts: dict[int, Verdict] = {
        message.pk: Drop() if message.to in dead else Send(message.body) for message in by_hand
    }
    for message in messages:
        if message.purpose == BY_HAND:
            continue
        group = to_say.get(message.pk, ())
        if message.purpose == Notice.Purpose.BULK:
            body = bulk.text_for(group[0], at=at, people=len(group)) if group else None
        else:
            body = message_texts.render(group, at=at, wordings=wordings, places=places)
        verdicts[message.pk] = Drop() if body is None else Send(body)
    return verdicts


def _detach_the_others(notices: Sequence[Notice], to_say: dict[int, list[Notice]]) -> None:
    """Whom a message that goes does not speak to any more is told otherwise, if at all."""
    left_out = [
        notice.pk
        for notice in notices
        if notice.message_id in to_say and notice not in to_say[notice.message_id]
    ]
    if left_out:
        Notice.objects.filter(pk__in=left_out).update(message=None)


def _renew_deadlines(notices: Sequence[Notice], now: datetime.datetime) -> None:
    """An offer whose SMS goes later than it was written leaves the whole time to answer (29)."""
    for notice in notices:
        offer = notice.offer
        if offer is None or offer.told_at is not None:
            continue
        least = now + deadlines.HOUR * notice.intake.offer_hours
        if offer.printed_deadline is not None and offer.printed_deadline >= least:
            continue
        fresh = deadlines.in_text(notice.intake, goes_at=now)
        untold = Offer.objects.open().filter(pk=offer.pk, told_at__isnull=True)
        if untold.update(printed_deadline=fresh):
            offer.printed_deadline = fresh
