"""What the desk does for somebody who has an application: each with its call and its sentence."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from classes import answers, call_log, cancelling, desk, places, standing
from classes.lottery import why
from classes.models import Application, CallLog, Intake, Offer
from classes.outcomes import AlreadyThere, Applied, Enrolled, Refused, Waitlisted
from staff.models import StaffMember

Outcome = CallLog.Outcome


class NothingToUndo(Exception):
    """None of the operator's last calls can be undone any more."""


@dataclass(frozen=True)
class Undone:
    """What was taken back: retract, restore, unanswer or uncount; a sentence where one is read."""

    kind: str
    applications: tuple[Application, ...]
    sentence: str = ""


def tell_standing(
    intake: Intake, application: Application, *, by: StaffMember, now: datetime.datetime
) -> str:
    """Answer "was I registered?"; the sentence is kept with minute and operator (rule 19)."""
    sentence = standing.of(intake, application).sentence
    run = why.latest(application) if intake.drawn_at else None
    if run is not None:
        joiner = " " if application.learner.language == "en" else ""
        sentence = joiner.join([sentence, why.sentence(run, application)])
    standing.read_aloud(intake, application, sentence, by=by, now=now)
    return sentence


def add_wishes(
    intake: Intake,
    application: Application,
    class_session_pks: Sequence[int],
    *,
    call_uuid: uuid.UUID,
    by: StaffMember,
    now: datetime.datetime,
) -> Enrolled | Waitlisted | Applied | Refused | AlreadyThere:
    """Further classes for somebody who has an application; answers for the last of them."""
    if not class_session_pks:
        raise ValueError("adding a wish needs a class")
    with transaction.atomic():
        for pk in class_session_pks:
            answer = places.add_wish(intake.pk, application.pk, pk, by=by, now=now)
            if isinstance(answer, Enrolled | Refused):
                break
        if isinstance(answer, AlreadyThere | Applied):
            # Where nothing else was said, say all that stands now.
            standing.read_aloud(intake, application, answer.sentence, by=by, now=now)
        _count(intake, application, Outcome.CHANGE, call_uuid=call_uuid, by=by, now=now)
    return answer


def cancel(
    intake: Intake,
    application: Application,
    *,
    call_uuid: uuid.UUID,
    by: StaffMember,
    now: datetime.datetime,
) -> str:
    """Cancel an application by phone; returns the sentence. Raises AlreadyEnded (cancelling)."""
    with transaction.atomic():
        sentence = cancelling.cancel(intake.pk, application.pk, reason="", by=by, now=now)
        _count(intake, application, Outcome.CANCELLATION, call_uuid=call_uuid, by=by, now=now)
    return sentence


def restore(
    intake: Intake, application: Application, *, by: StaffMember, now: datetime.datetime
) -> str:
    """Take a cancellation back (rule 30); returns the sentence. Raises CannotUndo (cancelling)."""
    with transaction.atomic():
        sentence = cancelling.undo(intake.pk, application.pk, by=by, now=now)
        CallLog.objects.filter(
            application=application, outcome=Outcome.CANCELLATION, intake=intake
        ).update(outcome=Outcome.OTHER)
    return sentence


def answer_offer(
    intake: Intake,
    offer: Offer,
    application: Application,
    *,
    accepts: bool,
    call_uuid: uuid.UUID,
    by: StaffMember,
    now: datetime.datetime,
) -> str:
    """The caller takes or declines the offered seats; returns the sentence.

    Raises OfferClosed or NotAnnounced (waitlist).
    """
    with transaction.atomic():
        if accepts:
            sentence = answers.accept_offer(offer.pk, by=by, now=now)
        else:
            sentence = answers.decline_offer(offer.pk, reason="", by=by, now=now)
        _count(intake, application, Outcome.OFFER_ANSWER, call_uuid=call_uuid, by=by, now=now)
    return sentence


def undo(
    call: desk.RecentCall, intake: Intake, *, by: StaffMember, now: datetime.datetime
) -> Undone:
    """Take back what one of the operator's last calls did. Raises CannotUndo, AlreadyEnded,
    NothingToUndo or NotYours."""
    application = call.call.application
    if call.undo == "uncount":
        call_log.withdraw(call.call.pk, by=by, now=now)
        return Undone("uncount", ())
    if application is None or not call.undo:
        raise NothingToUndo
    application.intake = intake
    if call.undo == "unanswer":
        with transaction.atomic():
            members, sentence = answers.undo(intake.pk, application.pk, by=by, now=now)
            CallLog.objects.filter(pk=call.call.pk).update(outcome=Outcome.OTHER)
        return Undone("unanswer", tuple(members), sentence)
    if call.undo == "restore":
        return Undone("restore", (application,), restore(intake, application, by=by, now=now))
    with transaction.atomic():
        together = list(
            Application.objects.active()
            .filter(
                intake=intake,
                registered_at=application.registered_at,
                registered_by=by,
            )
            .order_by("number")
        )
        for member in together:
            member.intake = intake
            cancelling.retract(intake.pk, member.pk, reason="", by=by, now=now)
        CallLog.objects.filter(pk=call.call.pk).update(outcome=Outcome.OTHER)
    return Undone("retract", tuple(together))


def undoable(by: StaffMember, intake: Intake, *, now: datetime.datetime) -> desk.RecentCall:
    """The latest of the operator's calls that can be undone. Raises NothingToUndo."""
    for call in desk.recent_calls(by, intake, now=now):
        if call.can_undo:
            return call
    raise NothingToUndo


def _count(
    intake: Intake,
    application: Application,
    outcome: CallLog.Outcome,
    *,
    call_uuid: uuid.UUID,
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    call_log.record(
        intake,
        client_uuid=call_uuid,
        outcome=outcome,
        by=by,
        now=now,
        learner=application.learner,
        application=application,
    )
