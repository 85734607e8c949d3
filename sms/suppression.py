"""Numbers to which no message may, or can, go (rules 54 and 58)."""

import datetime
from collections.abc import Iterable

from sms import outbox
from sms.models import NumberSuppression

Reason = NumberSuppression.Reason
Source = NumberSuppression.Source


def suppress(
    e164: str,
    reason: NumberSuppression.Reason,
    *,
    source: NumberSuppression.Source,
    now: datetime.datetime,
    error_code: str = "",
) -> bool:
    """From now on nothing goes to this number, and what is queued for it stops at once.

    False where that stood already. Call it inside a transaction.
    """
    _, made = NumberSuppression.objects.get_or_create(
        e164=e164,
        reason=reason,
        ended_at=None,
        defaults={"source": source, "since": now, "error_code": error_code},
    )
    outbox.cancel_to(e164, now=now)
    return made


def lift(e164: str, *reasons: NumberSuppression.Reason, now: datetime.datetime) -> int:
    """The number may receive messages again; returns how many entries ended."""
    standing = NumberSuppression.objects.standing().filter(e164=e164, reason__in=reasons)
    return standing.update(ended_at=now)


def of(numbers: Iterable[str]) -> dict[str, NumberSuppression.Reason]:
    """The numbers of these to which nothing goes, and why; one query."""
    rows = NumberSuppression.objects.standing().filter(e164__in=set(numbers)).order_by("since")
    return {e164: Reason(reason) for e164, reason in rows.values_list("e164", "reason")}


def of_others(numbers: Iterable[str]) -> set[str]:
    """Those of the numbers that proved another person's (rule 58); one query."""
    standing = NumberSuppression.objects.standing()
    wrong = standing.filter(e164__in=set(numbers), reason=Reason.WRONG_PERSON)
    return set(wrong.values_list("e164", flat=True))
