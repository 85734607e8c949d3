"""The simulated phones: what is on them, which are looked at, and what their owners answer.

They exist only while no account is set; messages take the same road up to the transport.
"""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.core import signing
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from learners.models import Learner, PhoneNumber
from sms import inbound, phone_numbers
from sms.models import InboundMessage, OutboundMessage, SimulatedPhone
from sms.transports import Received

Row = TypeVar("Row", OutboundMessage, InboundMessage)
Status = OutboundMessage.Status
Behaviour = SimulatedPhone.Behaviour
# As many as stand side by side, and as much as one scrolls through on each.
MOST_PHONES = 6
MOST_MESSAGES = 30
# Among so many of the latest messages the phones last at work are looked for.
LOOKED_THROUGH = 300
# What was just registered waits for the undo window, and should be seen arriving.
SOON = datetime.timedelta(minutes=15)
SHORTEST_SEARCH = 2
LONGEST_ANSWER = 660
QUICK_ANSWERS = ("1", "2", "停止")
SALT = "classes.simulator"


@dataclass(frozen=True)
class Bubble:
    """One message on a phone; `message` for those that came, with what became of them."""

    key: str
    body: str
    at: datetime.datetime
    message: OutboundMessage | None = None

    @property
    def is_answer(self) -> bool:
        return self.message is None

    @property
    def arrived(self) -> bool:
        return self.message is None or self.message.status in (Status.SENT, Status.DELIVERED)


@dataclass(frozen=True)
class Phone:
    """One phone with what is on it, the latest at the end."""

    number: str
    behaviour: str
    bubbles: list[Bubble]
    waiting: int
    next_at: datetime.datetime | None

    @property
    def key(self) -> str:
        return self.number.lstrip("+")


class Unknown(ValueError):
    """This number is not among the phones that are looked at."""


def exists() -> bool:
    """Whether messages go to the simulator."""
    return not settings.TWILIO_ACCOUNT_SID


def latest(*, now: datetime.datetime) -> list[str]:
    """The numbers of the phones last at work, or about to be; then those that wait for a later
    time, on which there may be nothing yet."""
    sent = OutboundMessage.objects.filter(sent_at__isnull=False).order_by("-sent_at", "-pk")
    queued = OutboundMessage.objects.filter(status=Status.QUEUED, expires_at__gt=now)
    soon = queued.filter(send_after__lte=now + SOON).order_by("-created_at", "-pk")
    came = InboundMessage.objects.order_by("-received_at", "-pk")
    moments = [
        *sent.values_list("to", "sent_at")[:LOOKED_THROUGH],
        *soon.values_list("to", "created_at")[:LOOKED_THROUGH],
        *came.values_list("sender", "received_at")[:LOOKED_THROUGH],
    ]
    at_work = sorted(((at, number) for number, at in moments if at), reverse=True)
    later = queued.order_by("send_after", "pk").values_list("to", flat=True)[:LOOKED_THROUGH]
    return list(dict.fromkeys([*(number for _at, number in at_work), *later]))[:MOST_PHONES]


def find(digits: str) -> list[str]:
    """Numbers that end so: of phones at work, and of people on record."""
    if len(digits) < SHORTEST_SEARCH:
        return []
    # Stored numbers have their country code for the first 0.
    ending = digits.removeprefix("0") if len(digits) > 9 else digits
    columns = (
        OutboundMessage.objects.filter(to__endswith=ending).values_list("to", flat=True),
        SimulatedPhone.objects.filter(e164__endswith=ending).values_list("e164", flat=True),
        InboundMessage.objects.filter(sender__endswith=ending).values_list("sender", flat=True),
        PhoneNumber.objects.filter(e164__endswith=ending).values_list("e164", flat=True),
    )
    found: dict[str, None] = {}
    for column in columns:
        found |= dict.fromkeys(column.order_by().distinct()[:LOOKED_THROUGH])
    return [number for number in found if phone_numbers.is_sms_capable(number)][:MOST_PHONES]


def add(typed: str, shown: Sequence[str]) -> list[str]:
    """One number more to look at, first. Raises InvalidNumber."""
    number = phone_numbers.parse(typed, area_code=settings.CITY_AREA_CODE).e164
    return list(dict.fromkeys([number, *shown]))[:MOST_PHONES]


def seal(numbers: Sequence[str]) -> str:
    """The numbers looked at, for the page to hand back; nobody can put others into it."""
    return signing.dumps(list(numbers), salt=SALT)


def unseal(sealed: str) -> list[str]:
    """What `seal` made. Raises Unknown."""
    try:
        return [str(number) for number in signing.loads(sealed, salt=SALT)]
    except signing.BadSignature:
        raise Unknown from None


def owners(numbers: Iterable[str]) -> list[Learner]:
    """Whose phones they are, for the access log."""
    return list(Learner.objects.filter(phone_numbers__e164__in=list(numbers)).distinct())


def phones(numbers: Sequence[str], *, now: datetime.datetime) -> list[Phone]:
    """These phones with what is on them; four queries however many."""
    behaviours = dict(
        SimulatedPhone.objects.filter(e164__in=numbers).values_list("e164", "behaviour")
    )
    on_them: dict[str, list[Bubble]] = {number: [] for number in numbers}
    left = OutboundMessage.objects.filter(to__in=numbers, sent_at__isnull=False)
    for message in _latest_of_each(left, by="to", order="sent_at"):
        at = message.delivered_at or message.sent_at or message.created_at
        on_them[message.to].append(Bubble(f"out-{message.pk}", message.body, at, message))
    came = InboundMessage.objects.filter(sender__in=numbers)
    for answer in _latest_of_each(came, by="sender", order="received_at"):
        on_them[answer.sender].append(Bubble(f"in-{answer.pk}", answer.body, answer.received_at))
    waiting: dict[str, list[datetime.datetime]] = {}
    queued = OutboundMessage.objects.filter(
        to__in=numbers, status=Status.QUEUED, expires_at__gt=now
    )
    for number, send_after in queued.values_list("to", "send_after"):
        waiting.setdefault(number, []).append(send_after)
    return [
        Phone(
            number=number,
            behaviour=behaviours.get(number, Behaviour.RECEIVES),
            bubbles=sorted(on_them[number], key=lambda bubble: bubble.at)[-MOST_MESSAGES:],
            waiting=len(waiting.get(number, ())),
            next_at=min(waiting[number]) if number in waiting else None,
        )
        for number in numbers
    ]


def answer(number: str, body: str, *, shown: Sequence[str], now: datetime.datetime) -> None:
    """The owner of a phone writes to the city. Raises Unknown."""
    if number not in shown:
        raise Unknown
    received = Received(
        sid=f"SIM{uuid.uuid4().hex}",
        sender=number,
        to="simulator",
        body=body.strip()[:LONGEST_ANSWER],
        received_at=now,
    )
    inbound.keep([received], source=InboundMessage.Source.SIMULATOR)


def behave(number: str, behaviour: str, *, shown: Sequence[str]) -> None:
    """From now on the phone does so. Raises Unknown."""
    if number not in shown or behaviour not in Behaviour.values:
        raise Unknown
    SimulatedPhone.objects.update_or_create(e164=number, defaults={"behaviour": behaviour})


def _latest_of_each(rows: QuerySet[Row], *, by: str, order: str) -> QuerySet[Row]:
    """The latest rows of each number, in one query."""
    rank = Window(RowNumber(), partition_by=F(by), order_by=[F(order).desc(), F("pk").desc()])
    ranked: QuerySet[Row] = rows.annotate(rank=rank).filter(rank__lte=MOST_MESSAGES)
    return ranked.order_by(order, "pk")
