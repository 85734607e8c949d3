"""What came in, kept once however often, and by whichever road, it is handed over."""

from collections.abc import Iterable

from sms.models import InboundMessage
from sms.transports import Received

# What the columns hold; nobody's phone sends longer ones.
LONGEST_NUMBER, LONGEST_TO, LONGEST_TEXT = 20, 40, 4000


def keep(received: Iterable[Received], *, source: InboundMessage.Source) -> int:
    """Insert those whose sid is new; returns how many there were."""
    rows = [
        InboundMessage(
            sid=each.sid,
            sender=each.sender[:LONGEST_NUMBER],
            to=each.to[:LONGEST_TO],
            # A letter that no database of ours can hold.
            body=each.body.replace("\x00", "")[:LONGEST_TEXT],
            received_at=each.received_at,
            source=source,
        )
        for each in received
        if each.sid and len(each.sid) <= 40
    ]
    if not rows:
        return 0
    sids = [row.sid for row in rows]
    known = set(InboundMessage.objects.filter(sid__in=sids).values_list("sid", flat=True))
    new = {row.sid: row for row in rows if row.sid not in known}
    # Another worker, or a callback, may keep the same one at this moment.
    InboundMessage.objects.bulk_create(new.values(), ignore_conflicts=True)
    return len(new)
