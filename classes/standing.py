"""Where an application stands now: the same answer for a second press, and "was I registered?"."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from classes import sentences, waitlist
from classes.events import event, log
from classes.models import (
    Application,
    ClassSession,
    Enrollment,
    Intake,
    Lesson,
    Offer,
    PlaceEvent,
    WaitlistEntry,
)
from classes.outcomes import AlreadyThere, Applied, Enrolled, LinePosition, Waitlisted
from learners.models import Learner
from staff.models import StaffMember

ANSWERS = (PlaceEvent.Kind.SEATED, PlaceEvent.Kind.LINED_UP, PlaceEvent.Kind.APPLIED)


@dataclass(frozen=True)
class Standing:
    """Seats, lines and offers of one application at this moment."""

    application: Application
    enrollments: tuple[Enrollment, ...]
    positions: tuple[LinePosition, ...]
    offers: tuple[Offer, ...]
    sentence: str

    @property
    def waits(self) -> tuple[LinePosition, ...]:
        """The lines without those in which a seat is offered: saying both would sound like waiting
        on, although whoever is offered a seat heads that line still."""
        return _without_offers(self.positions, self.offers)


def _without_offers(
    positions: Iterable[LinePosition], offers: Iterable[Offer]
) -> tuple[LinePosition, ...]:
    offered = {offer.class_session_id for offer in offers}
    return tuple(place for place in positions if place.class_session.pk not in offered)


def of(intake: Intake, application: Application) -> Standing:
    """Everything this application has now, and the sentence that says so."""
    sessions = "class_session__course__level__current", "class_session__venue"
    enrollments = tuple(
        Enrollment.objects.held()
        .filter(application=application)
        .select_related(*sessions)
        .prefetch_related("class_session__lessons")
    )
    entries = (
        WaitlistEntry.objects.waiting()
        .filter(party=application.party_id)
        .select_related(*sessions)
        .prefetch_related("class_session__lessons")
        .order_by("pk")
    )
    offers = tuple(
        Offer.objects.open()
        .filter(party=application.party_id, announced_at__isnull=False)
        .select_related(*sessions)
        .prefetch_related("class_session__lessons")
    )
    active = application.status == Application.Status.ACTIVE
    line_positions = waitlist.positions(entries) if active else ()
    sentence = sentences.state(
        intake,
        application,
        [enrollment.class_session for enrollment in enrollments],
        _without_offers(line_positions, offers),
        [offer.class_session for offer in offers] if active else (),
    )
    return Standing(application, enrollments, line_positions, offers, sentence)


def of_person(learner: Learner, *, now: datetime.datetime) -> list[Standing]:
    """Where each application stands whose intake has lessons still to come, newest first."""
    coming = Lesson.objects.filter(ends_at__gt=now, cancelled_at__isnull=True)
    applications = (
        Application.objects.active()
        .filter(learner=learner, intake__in=coming.values("class_session__intake"))
        .select_related("intake", "learner")
        .order_by("-received_at", "-pk")
    )
    return [of(application.intake, application) for application in applications]


def already_there(intake: Intake, applications: Sequence[Application]) -> AlreadyThere:
    """The answer for somebody who has an application here already (rule 23)."""
    return AlreadyThere(tuple(applications), of(intake, applications[0]).sentence)


def find(
    intake: Intake, *, client_uuids: Iterable[uuid.UUID], learners: Iterable[Learner]
) -> Enrolled | Waitlisted | Applied | AlreadyThere | None:
    """What somebody who presses gets without a new application, in one query if there is nothing:
    the answer this very press got before (rule 22), or the application they have (rule 23)."""
    presses = set(client_uuids)
    pressed = Q(client_uuid__in=presses)
    active = Q(status=Application.Status.ACTIVE, learner__in=[learner.pk for learner in learners])
    there = Application.objects.filter(pressed | active, intake=intake)
    # Mostly nothing: what a whole row costs is paid only where there is one.
    pks = list(there.order_by().values_list("pk", flat=True))
    if not pks:
        return None
    applications = list(
        Application.objects.filter(pk__in=pks).select_related("learner").order_by("number")
    )
    for application in applications:
        application.intake = intake
    standing_now = [a for a in applications if a.status == Application.Status.ACTIVE]
    again = [application for application in applications if application.client_uuid in presses]
    if set(again) & set(standing_now):
        return _answer_again(intake, again)
    # A press whose application was cancelled since registers nobody: it is told so.
    return already_there(intake, standing_now or applications)


def _answer_again(
    intake: Intake, applications: Sequence[Application]
) -> Enrolled | Waitlisted | Applied:
    said = (
        PlaceEvent.objects.filter(application=applications[0], kind__in=ANSWERS)
        .order_by("at", "pk")
        .first()
    )
    now_standing = of(intake, applications[0])
    sentence = said.sentence if said else now_standing.sentence
    seats = tuple(
        Enrollment.objects.held()
        .filter(application__in=applications)
        .select_related("class_session__course", "class_session__venue")
    )
    if seats:
        return Enrolled(tuple(applications), seats, seats[0].class_session, sentence)
    if now_standing.positions:
        return Waitlisted(tuple(applications), now_standing.positions, sentence)
    return Applied(tuple(applications), sentence)


def read_aloud(
    intake: Intake,
    application: Application,
    sentence: str,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    class_session: ClassSession | None = None,
) -> None:
    """Keep a sentence that was shown to be read (rule 19)."""
    log(
        [
            event(
                PlaceEvent.Kind.READ_ALOUD,
                application,
                by=by,
                now=now,
                class_session=class_session,
                sentence=sentence,
            )
        ]
    )
