"""A party answers its offer while somebody listens: the answer, and the sentence said back."""

import datetime

from django.db import transaction
from django.utils.translation import gettext

from classes import notices, reopening, sentences, standing, waitlist
from classes.cancelling import CannotUndo
from classes.events import event, log
from classes.locking import lock_intake
from classes.models import Application, Enrollment, Intake, Offer, PlaceEvent, WaitlistEntry
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


def accept_in_writing(offer_pk: int, *, by: StaffMember, now: datetime.datetime) -> str:
    """The party wrote that it takes its seats: nobody listens, so it is told by a notice.

    Returns what it is told. Raises OfferClosed or NotAnnounced.
    """
    with transaction.atomic():
        offer = load_offer(offer_pk)
        intake = lock_intake(offer.class_session.intake_id)
        members = _members(intake, offer)
        waitlist.accept(intake, offer, by=by, now=now, in_writing=True)
        sentence = sentences.enrolled(intake, members, [offer.class_session])
        notices.seated_in_writing(offer, members, sentence, now=now)
        return sentence


def decline_in_writing(offer_pk: int, *, by: StaffMember, now: datetime.datetime) -> None:
    """The party wrote that it does not want the seats. Raises OfferClosed."""
    with transaction.atomic():
        offer = load_offer(offer_pk)
        intake = lock_intake(offer.class_session.intake_id)
        _members(intake, offer)
        waitlist.decline(intake, offer, by=by, now=now, reason=gettext("by SMS"))


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


def undo(
    intake_pk: int, application_pk: int, *, by: StaffMember | None, now: datetime.datetime
) -> tuple[list[Application], str]:
    """Take back the party's latest answer to an offer, a slip, within the intake's undo window:
    the seats wait for its answer again, or it stands in line where it stood if they went on.

    Returns the party and what to say. Raises CannotUndo after the window, or when seat, party or
    place in line have changed since.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        offer = _answered(intake, application_pk, now)
        members = list(
            Application.objects.active()
            .filter(party=offer.party_id)
            .select_related("learner")
            .order_by("number")
        )
        if len(members) != offer.seats or offer.class_session.cancelled_at is not None:
            raise CannotUndo
        held = Enrollment.objects.held().filter(application__in=members)
        waiting = WaitlistEntry.objects.waiting().filter(party=offer.party_id)
        if offer.status == Offer.Status.ACCEPTED and offer.closed_at is not None:
            seats = held.filter(class_session=offer.class_session, held_at=offer.closed_at)
            if seats.count() != offer.seats:
                raise CannotUndo
            seats.update(ended_at=now, ending=Enrollment.Ending.SUPERSEDED)
        elif intake.seat_rule == Intake.SeatRule.ONE and held.exists():
            raise CannotUndo
        if waiting.filter(class_session=offer.class_session).exists():
            raise CannotUndo
        reopening.reopen(intake, offer, by=by, now=now)
        for member in members:
            member.intake = intake
        sentence = standing.of(intake, members[0]).sentence
        log(
            event(
                PlaceEvent.Kind.UNDONE,
                member,
                by=by,
                now=now,
                class_session=offer.class_session,
                offer=offer,
                sentence=sentence,
                details={"seats": offer.seats},
            )
            for member in members
        )
        return members, sentence


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


def _answered(intake: Intake, application_pk: int, now: datetime.datetime) -> Offer:
    """The latest offer that the application's party answered within the undo window."""
    window = datetime.timedelta(minutes=intake.undo_minutes)
    offer = (
        Offer.objects.select_related("class_session")
        .filter(
            party__applications=application_pk,
            class_session__intake=intake,
            status__in=[Offer.Status.ACCEPTED, Offer.Status.DECLINED],
            closed_at__gt=now - window,
        )
        .order_by("-closed_at", "-pk")
        .first()
    )
    if offer is None:
        raise CannotUndo
    return offer


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
