"""The messages of notices: one for several people of one number, within the hours (51, 52, 59)."""

import datetime
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import prefetch_related_objects
from django.utils import timezone

from classes import call_tasks, message_facts, message_texts
from classes.models import Notice
from sms import outbox, sending_hours
from sms.models import OutboundMessage

if TYPE_CHECKING:
    from classes.telling import ToTell

    Wanted = tuple[ToTell, Notice, str]


def queue(wanted: "Sequence[Wanted]", *, now: datetime.datetime, batch_size: int) -> None:
    """Queue a message for these notices and let them point at it, in a few queries.

    A notice for which none can go out in time keeps none: it is told otherwise.
    """
    if not wanted:
        return
    hours = sending_hours.load()
    wordings = message_texts.Wordings.load()
    prefetch_related_objects(
        [e.application for e, _, _ in wanted if e.purpose in message_facts.TOLD_FOR_THE_PARTY],
        "party__applications",
    )
    places = message_facts.places_in_line([notice for _, notice, _ in wanted])
    groups: dict[str, list[Wanted]] = {}
    for group in _of_one_number(wanted):
        each, notice, number = group[0]
        key = f"notice:{each.purpose}:{each.occasion}:{number}"
        # Told of the same thing in other words: from another day, say.
        groups[f"{key}:{notice.learner_id}" if key in groups else key] = group
    there = {
        message.dedupe_key: message
        for message in OutboundMessage.objects.filter(dedupe_key__in=list(groups))
    }
    built: dict[str, OutboundMessage] = {}
    for key, group in groups.items():
        waiting = there.get(key)
        if waiting is not None and waiting.status == OutboundMessage.Status.QUEUED:
            # It waits for others of this number: they are told together, worded when it goes.
            built[key] = waiting
            continue
        message = _message(group, key, hours, wordings, places, now)
        if message is not None:
            if waiting is not None:
                # It went to the others before: whoever is due since gets one of their own.
                message.dedupe_key = f"{key}:{group[0][1].learner_id}"
            built[key] = message
    OutboundMessage.objects.bulk_create(
        [message for message in built.values() if message.pk is None], batch_size=batch_size
    )
    for key, message in built.items():
        for _, notice, _ in groups[key]:
            notice.message = message


def goes_at(each: "ToTell", hours: sending_hours.Hours, *, now: datetime.datetime) -> "When":
    """The first moment at which its message may go out, and whether that is before the hours.

    What the city cancels may go out from the early hour of the lesson's own day, on a day off too
    (rule 51).
    """
    earliest = max(now, each.not_before or now)
    usual = hours.next_open(earliest)
    if each.purpose != Notice.Purpose.CANCELLED or each.lesson is None:
        return When(usual)
    if timezone.localdate(usual) < each.lesson.day:
        return When(usual)
    midnight = datetime.datetime.combine(
        each.lesson.day, datetime.time.min, timezone.get_default_timezone()
    )
    return When(hours.next_open(max(earliest, midnight), may_be_early=True), may_be_early=True)


class When:
    """A moment, and whether it needs the permission to be early."""

    def __init__(self, moment: datetime.datetime, *, may_be_early: bool = False) -> None:
        self.moment = moment
        self.may_be_early = may_be_early


def _of_one_number(wanted: "Sequence[Wanted]") -> "list[list[Wanted]]":
    """People of one number who are told the same of one class share one message (rule 59)."""
    groups: dict[tuple[object, ...], list[Wanted]] = defaultdict(list)
    for each, notice, number in wanted:
        groups[
            number,
            each.purpose,
            each.text,
            each.class_session.pk if each.class_session else None,
            each.lesson.pk if each.lesson else None,
            each.offer.pk if each.offer else None,
            json.dumps(notice.facts, sort_keys=True),
        ].append((each, notice, number))
    return list(groups.values())


def _message(
    group: "Sequence[Wanted]",
    key: str,
    hours: sending_hours.Hours,
    wordings: message_texts.Wordings,
    places: message_facts.Places,
    now: datetime.datetime,
) -> OutboundMessage | None:
    """The message of these notices; None where it would go out too late, or no network takes it."""
    each, _, number = group[0]
    when = goes_at(each, hours, now=now)
    until = each.until or each.due_at
    if when.moment >= until:
        return None
    body = message_texts.render(
        [notice for _, notice, _ in group], at=when.moment, wordings=wordings, places=places
    )
    if body is None:
        return None
    try:
        return outbox.build(
            number,
            body,
            dedupe_key=key,
            purpose=each.purpose,
            priority=call_tasks.URGENCY[each.purpose] if each.urgency is None else each.urgency,
            may_be_early=when.may_be_early,
            send_after=when.moment,
            expires_at=until,
            now=now,
        )
    except outbox.TooLong:
        return None
