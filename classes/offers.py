"""What staff and the worker do with one offer: each takes the lock and calls the line."""

import datetime

from django.db import transaction

from classes import waitlist
from classes.locking import lock_intake
from classes.models import Enrollment, Offer
from staff.models import StaffMember


def accept(offer_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> list[Enrollment]:
    """Take the offered seats. Raises OfferClosed or NotAnnounced (classes.waitlist)."""
    with transaction.atomic():
        offer = _offer(offer_pk)
        intake = lock_intake(offer.class_session.intake_id)
        return waitlist.accept(intake, offer, by=by, now=now)


def decline(offer_pk: int, *, reason: str, by: StaffMember | None, now: datetime.datetime) -> None:
    """Say no to the offered seats; the next in line is offered them. Raises OfferClosed."""
    with transaction.atomic():
        offer = _offer(offer_pk)
        intake = lock_intake(offer.class_session.intake_id)
        waitlist.decline(intake, offer, by=by, now=now, reason=reason)


def tell(
    offer_pk: int, *, told_by: Offer.ToldBy, by: StaffMember | None, now: datetime.datetime
) -> None:
    """The party was told of its offer. Raises OfferClosed or NotAnnounced."""
    with transaction.atomic():
        offer = _offer(offer_pk)
        intake = lock_intake(offer.class_session.intake_id)
        waitlist.tell(intake, offer, told_by=told_by, by=by, now=now)


def announce_due(*, now: datetime.datetime) -> int:
    """Announce every offer whose undo windows have passed; returns how many."""
    due = (
        Offer.objects.open()
        .filter(announced_at__isnull=True, announce_after__lte=now)
        .select_related("class_session")
        .order_by("announce_after", "pk")
    )
    announced = 0
    for waiting in list(due):
        with transaction.atomic():
            intake = lock_intake(waiting.class_session.intake_id)
            announced += waitlist.announce(intake, _offer(waiting.pk), by=None, now=now)
    return announced


def expire_due(*, now: datetime.datetime) -> int:
    """End every told offer whose time has passed; returns how many."""
    paused = Offer.objects.open().paused().values("pk")
    told = Offer.objects.open().filter(expires_at__lte=now).exclude(pk__in=paused)
    due = told.select_related("class_session")
    expired = 0
    for late in list(due.order_by("expires_at", "pk")):
        with transaction.atomic():
            intake = lock_intake(late.class_session.intake_id)
            expired += waitlist.expire(intake, _offer(late.pk), now=now)
    return expired


def _offer(pk: int) -> Offer:
    return Offer.objects.select_related(
        "class_session__course__level__current", "class_session__venue", "entry"
    ).get(pk=pk)
