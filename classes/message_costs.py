"""What messages cost: as charged where the provider said so, else estimated by the segment."""

import datetime
import decimal
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Sum
from django.db.models.functions import Coalesce, TruncMonth
from django.utils import timezone
from django_stubs_ext import StrOrPromise

from classes.models import Notice
from sms.models import OutboundMessage

Status = OutboundMessage.Status
# Month, purpose, currency, whether it has no price yet, messages, segments, price.
Row = tuple[datetime.datetime, str, str, bool, int, int, decimal.Decimal]
YEN = "JPY"
MONTHS_SHOWN = 12
# What left the house, whatever became of it, is paid for.
LEFT_THE_HOUSE = (Status.SENT, Status.DELIVERED, Status.UNDELIVERED)


@dataclass(frozen=True)
class Cost:
    """An amount of one currency; estimated while the provider has not said."""

    amount: decimal.Decimal
    unit: str
    is_estimated: bool


@dataclass
class Sums:
    """Messages of a month and purpose, and what they cost."""

    messages: int = 0
    segments: int = 0
    amounts: dict[str, decimal.Decimal] = field(default_factory=dict)
    # The part of the yen that no invoice says yet.
    estimated: decimal.Decimal = decimal.Decimal(0)

    def add(self, messages: int, segments: int, cost: Cost) -> None:
        self.messages += messages
        self.segments += segments
        self.amounts[cost.unit] = self.amounts.get(cost.unit, decimal.Decimal(0)) + cost.amount
        if cost.is_estimated:
            self.estimated += cost.amount

    @property
    def written(self) -> list[str]:
        return [write(amount, unit) for unit, amount in sorted(self.amounts.items())]

    @property
    def estimated_written(self) -> str:
        return write(self.estimated, YEN) if self.estimated else ""


@dataclass(frozen=True)
class Month:
    """One month: what each purpose cost, the dearest first, and all of them."""

    first: datetime.date
    purposes: list[tuple[StrOrPromise, Sums]]
    total: Sums


def of(message: OutboundMessage) -> Cost | None:
    """What one message cost; None where nothing left the house."""
    if message.price is not None:
        return Cost(message.price, message.price_unit or YEN, is_estimated=False)
    if message.status in LEFT_THE_HOUSE:
        return estimate(message.billed_segments or message.segments)
    return None


def estimate(segments: int) -> Cost:
    """What so many segments will cost, by the price that was agreed (setting)."""
    return Cost(segments * settings.SMS_SEGMENT_PRICE, YEN, is_estimated=True)


def write(amount: decimal.Decimal, unit: str) -> str:
    """An amount as people write it: whole yen, cents of others."""
    if unit == YEN:
        return f"¥{amount.quantize(decimal.Decimal(1), decimal.ROUND_HALF_UP):,}"
    return f"{unit} {amount:,.2f}"


def by_month(*, now: datetime.datetime) -> list[Month]:
    """The last months, the latest first; one query."""
    since = timezone.localtime(now) - datetime.timedelta(days=31 * (MONTHS_SHOWN - 1))
    begins = since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = (
        OutboundMessage.objects.filter(sent_at__gte=begins, status__in=LEFT_THE_HOUSE)
        .order_by()
        .annotate(
            month=TruncMonth("sent_at"),
            counted=Coalesce("billed_segments", "segments"),
            has_no_price=ExpressionWrapper(Q(price__isnull=True), output_field=BooleanField()),
        )
        .values_list("month", "purpose", "price_unit", "has_no_price")
        .annotate(Count("pk"), Sum("counted"), Sum("price"))
    )
    return _months(rows)


def purpose_label(purpose: str) -> StrOrPromise:
    """The word for tables; another caller's purpose stands as it is."""
    return dict(Notice.Purpose.choices).get(purpose, purpose)


def _months(
    rows: Iterable[tuple[datetime.datetime, str, str, bool, int, int, decimal.Decimal]],
) -> list[Month]:
    found: dict[datetime.date, dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    totals: dict[datetime.date, Sums] = defaultdict(Sums)
    for month, purpose, unit, has_no_price, messages, segments, price in rows:
        cost = estimate(segments) if has_no_price else Cost(price, unit or YEN, is_estimated=False)
        day = timezone.localtime(month).date()
        found[day][purpose].add(messages, segments, cost)
        totals[day].add(messages, segments, cost)
    return [
        Month(
            day,
            sorted(
                ((purpose_label(purpose), sums) for purpose, sums in found[day].items()),
                key=lambda each: -each[1].segments,
            ),
            totals[day],
        )
        for day in sorted(found, reverse=True)
    ]
