"""What was sent and what came in, page by page."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from classes import message_costs
from classes.models import Notice
from learners.models import Learner
from sms.models import InboundMessage, OutboundMessage

Status = OutboundMessage.Status
PAGE_SIZE = 50
MOST_FOUND = 200
SHORTEST_SEARCH = 4


@dataclass(frozen=True)
class Filters:
    """What of the log is wanted; nothing of it names anybody."""

    day: datetime.date | None = None
    status: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class SentLine:
    """One message that was sent or is to be, with the people whom it told something."""

    message: OutboundMessage
    learners: tuple[Learner, ...]
    cost: message_costs.Cost | None


def sent(filters: Filters) -> QuerySet[OutboundMessage]:
    """The messages that fit, the latest first."""
    rows = OutboundMessage.objects.order_by("-created_at", "-pk")
    if filters.status in Status.values:
        rows = rows.filter(status=filters.status)
    if filters.purpose:
        rows = rows.filter(purpose=filters.purpose)
    if filters.day:
        begins, ends = day_bounds(filters.day)
        left = Q(sent_at__gte=begins, sent_at__lt=ends)
        waits = Q(sent_at__isnull=True, created_at__gte=begins, created_at__lt=ends)
        rows = rows.filter(left | waits)
    return rows


def received(filters: Filters) -> QuerySet[InboundMessage]:
    """What came in, the latest first."""
    rows = InboundMessage.objects.order_by("-received_at", "-pk").select_related("reply__learner")
    if filters.day:
        begins, ends = day_bounds(filters.day)
        rows = rows.filter(received_at__gte=begins, received_at__lt=ends)
    return rows


def sent_to(digits: str) -> QuerySet[OutboundMessage]:
    """Messages to numbers that end so."""
    return OutboundMessage.objects.filter(to__endswith=digits).order_by("-created_at", "-pk")


def received_from(digits: str) -> QuerySet[InboundMessage]:
    """Messages from numbers that end so."""
    rows = InboundMessage.objects.filter(sender__endswith=digits)
    return rows.order_by("-received_at", "-pk").select_related("reply__learner")


def with_people(messages: Iterable[OutboundMessage]) -> list[SentLine]:
    """The messages of a page with the people they tell; two queries however many."""
    rows = list(messages)
    told: dict[int, list[Learner]] = {}
    notices = Notice.objects.filter(message__in=[row.pk for row in rows]).order_by("pk")
    for notice in notices.select_related("learner"):
        told.setdefault(notice.message_id or 0, []).append(notice.learner)
    return [
        SentLine(row, tuple(dict.fromkeys(told.get(row.pk, ()))), message_costs.of(row))
        for row in rows
    ]


def people_in(lines: Iterable[SentLine], answers: Iterable[InboundMessage] = ()) -> list[Learner]:
    """Whose data a page shows, for the access log."""
    found = [learner for line in lines for learner in line.learners]
    for answer in answers:
        reply = getattr(answer, "reply", None)
        if reply is not None and reply.learner is not None:
            found.append(reply.learner)
    return list(dict.fromkeys(found))


def day_bounds(day: datetime.date) -> tuple[datetime.datetime, datetime.datetime]:
    """When a day of the city's begins and ends."""
    zone = timezone.get_current_timezone()
    begins = datetime.datetime.combine(day, datetime.time.min, zone)
    return begins, datetime.datetime.combine(
        day + datetime.timedelta(days=1), datetime.time.min, zone
    )
