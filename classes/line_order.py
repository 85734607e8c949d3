"""Where somebody stands in a line (rule 24)."""

from django.db.models import Q

from classes.models import WaitlistEntry


def position(entry: WaitlistEntry) -> int:
    """1 for the next in line; computed at this moment, never stored (rule 24)."""
    ahead = Q(received_at__lt=entry.received_at) | Q(
        received_at=entry.received_at, receipt_number__lt=entry.receipt_number
    )
    if entry.drawn_rank is None:
        ahead = Q(drawn_rank__isnull=False) | ahead
    else:
        ahead = Q(drawn_rank__lt=entry.drawn_rank) | (Q(drawn_rank=entry.drawn_rank) & ahead)
    return (
        WaitlistEntry.objects.waiting().filter(ahead, class_session=entry.class_session_id).count()
        + 1
    )
