"""A party answers its offer while somebody listens: the answer, and the sentence said back."""

import datetime

from django.db import transaction

from classes import sentences, standing, waitlist
from classes.locking import lock_intake
from classes.models import Application, Intake, Offer
from staff.models import StaffMember


def accept_offer(offer_pk: int, *, by: StaffMember, now: datetime.datetime) -> str:
    """The party takes its seats; returns what to say. Raises OfferClosed or NotAnnounced."""
    with transaction.atomic():
        offer = load_offer(offer_pk)
        return accept(lock_intake(offer.class_session.intake_id), offer, by=by, now=now)


def decline_offer(offer_pk: int, *, reason: str, by: StaffMember, now: datetime.datetime) -> str:
    """The party does not want the seats; returns what to say. Raises OfferClosed."""
    with transaction.atomic():
        offer = load_offer(offer_pk)
        intake = lock_intake(offer.class_session.intake_id)
        return decline(intake, offer, reason=reason, by=by, now=now)


def accept(intake: Intake, offer: Offer, *, by: StaffMember, now: datetime.datetime) -> str:
    """As accept_offer, under a lock that is held already."""
    members = _members(intake, offer)
    waitlist.accept(intake, offer, by=by, now=now)
    sentence = sentences.enrolled(intake, members, [offer.class_session])
    _keep(intake, members, offer, sentence, by=by, now=now)
    return sentence


def decline(
    intake: Intake, offer: Offer, *, reason: str = "", by: StaffMember, now: datetime.datetime
) -> str:
    """As decline_offer, under a lock that is held already."""
    members = _members(intake, offer)
    waitlist.decline(intake, offer, by=by, now=now, reason=reason)
    sentence = sentences.simple("declined", members[0].learner, offer.class_session)
    _keep(intake, members, offer, sentence, by=by, now=now)
    return sentence


def load_offer(offer_pk: int) -> Offer:
    """An offer with what its sentences name."""
    return (
        Offer.objects.select_related(
            "class_session__course__level__current", "class_session__venue", "entry"
        )
        .prefetch_related("class_session__lessons")
        .get(pk=offer_pk)
    )


def _members(intake: Intake, offer: Offer) -> list[Application]:
    members = list(
        Application.objects.active()
        .filter(party=offer.party_id)
        .select_related("learner")
        .order_by("number")
    )
    if not members:
        raise waitlist.OfferClosed(offer.status)
    for member in members:
        member.intake = intake
    return members


def _keep(
    intake: Intake,
    members: list[Application],
    offer: Offer,
    sentence: str,
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    """What was said is found again under each of the party (rule 19)."""
    for member in members:
        standing.read_aloud(
            intake, member, sentence, by=by, now=now, class_session=offer.class_session
        )
