"""A changed number or consent, and what follows for what is to be told (rules 11, 12 and 58)."""

import datetime

from django.db import transaction

from classes import channels, falling_back
from classes.locking import lock_intakes
from classes.models import Notice
from learners import numbers
from learners.models import PhoneNumber
from learners.numbers import NumberInput
from sms.models import OutboundMessage
from staff.models import StaffMember


def update(
    number_pk: int, given: NumberInput, *, by: StaffMember | None, now: datetime.datetime
) -> list[str]:
    """Correct a number or whose it is (numbers.update); what waits for the old one goes by call."""
    learner_pk = _owner(number_pk)
    changed = numbers.update(number_pk, given, by=by, now=now)
    stop_texts(learner_pk, now=now)
    return changed


def remove(number_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """Delete a number (numbers.remove); what waits for it goes by call."""
    learner_pk = _owner(number_pk)
    numbers.remove(number_pk, by=by, now=now)
    stop_texts(learner_pk, now=now)


def set_consent(
    number_pk: int,
    *,
    given: bool,
    given_by: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> PhoneNumber:
    """Note what was said about messages (numbers.set_consent); a refusal stops what waits."""
    row = numbers.set_consent(number_pk, given=given, given_by=given_by, by=by, now=now)
    stop_texts(row.learner_id, now=now)
    return row


def stop_texts(learner_pk: int, *, now: datetime.datetime) -> int:
    """Messages that wait for a number at which the person may not be told any more stop at once;
    their notices go on the call list, or by letter. Returns how many.

    It locks intakes, so it comes after the change in a transaction of its own; the worker does the
    same if we are interrupted, for nothing goes out unasked (classes.sending).
    """
    allowed = channels.numbers_of([learner_pk]).get(learner_pk, [])
    waiting = (
        Notice.objects.to_text()
        .filter(learner=learner_pk, message__status=OutboundMessage.Status.QUEUED)
        .exclude(message__to__in=allowed)
    )
    if not waiting.exists():
        return 0
    with transaction.atomic():
        locked = lock_intakes(waiting.values_list("intake", flat=True))
        stopped = list(
            waiting.filter(intake__in=[intake.pk for intake in locked])
            .select_related(*falling_back.NEEDS)
            .order_by("pk")
        )
        messages = [notice.message_id for notice in stopped if notice.message_id is not None]
        for notice in stopped:
            notice.message = None
        Notice.objects.bulk_update(stopped, ["message"])
        falling_back.to_call_or_letter(stopped, now=now)
        falling_back.stop_messages(messages, now=now)
        return len(stopped)


def _owner(number_pk: int) -> int:
    return PhoneNumber.objects.values_list("learner", flat=True).get(pk=number_pk)
