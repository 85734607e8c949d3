"""着信記録: every incoming call is counted once, however it ended (rule 18)."""

import datetime
import uuid

from django.db.models import Count, Q

from classes.models import Application, CallLog, ClassSession, Intake
from learners.models import Learner
from staff.models import StaffMember

Outcome = CallLog.Outcome

# One call may end in several things; what weighs most is what it is counted as.
WEIGHT = {
    Outcome.INQUIRY: 0,
    Outcome.OTHER: 0,
    Outcome.NO_SEAT_WANTED: 1,
    Outcome.BEFORE_OPENING: 1,
    Outcome.AFTER_CLOSING: 1,
    Outcome.INELIGIBLE: 1,
    Outcome.SECOND_CALL: 2,
    Outcome.CHANGE: 3,
    Outcome.OFFER_ANSWER: 3,
    Outcome.CANCELLATION: 3,
    Outcome.REGISTERED: 4,
}
# What an operator counts with one key, without registering anybody.
BY_KEY = (Outcome.INQUIRY, Outcome.INELIGIBLE, Outcome.NO_SEAT_WANTED)


class ReceptionIsOpen(Exception):
    """The call cannot be counted as outside the reception's time."""


class NotYours(Exception):
    """The call was taken by somebody else, or ended in more than a count."""


def record(
    intake: Intake,
    *,
    client_uuid: uuid.UUID,
    outcome: Outcome,
    by: StaffMember,
    now: datetime.datetime,
    learner: Learner | None = None,
    application: Application | None = None,
    class_session_pk: int | None = None,
    note: str = "",
) -> None:
    """Count one call. The same uuid is the same call: pressed twice it counts once, and what
    weighs more (a registration after an enquiry) takes the place of what weighs less; of two
    registrations in one call the later one stands, so that undo reaches it first."""
    call = CallLog(
        intake=intake,
        client_uuid=client_uuid,
        called_at=now,
        operator=by,
        outcome=outcome,
        learner=learner,
        application=application,
        class_session_id=class_session_pk,
        note=note,
    )
    if outcome == Outcome.REGISTERED:
        CallLog.objects.bulk_create(
            [call],
            update_conflicts=True,
            unique_fields=["client_uuid"],
            update_fields=["outcome", "learner", "application", "class_session", "note"],
        )
        return
    CallLog.objects.bulk_create([call], ignore_conflicts=True)
    lighter = [lower for lower in WEIGHT if WEIGHT[lower] < WEIGHT[outcome]]
    if lighter:
        CallLog.objects.filter(client_uuid=client_uuid, operator=by, outcome__in=lighter).update(
            outcome=outcome,
            learner=learner,
            application=application,
            class_session_id=class_session_pk,
            note=note,
        )


def outside_reception(intake: Intake, *, now: datetime.datetime) -> Outcome:
    """受付前 or 受付終了後, as the intake stands now. Raises ReceptionIsOpen."""
    if now < intake.opens_at:
        return Outcome.BEFORE_OPENING
    if now >= intake.closes_at:
        return Outcome.AFTER_CLOSING
    raise ReceptionIsOpen


def end_without_registration(
    intake: Intake,
    kind: str,
    *,
    client_uuid: uuid.UUID,
    by: StaffMember,
    now: datetime.datetime,
    learner_pk: int | None = None,
    class_session_pk: int | None = None,
) -> Outcome:
    """Count a call that one key ended: an outcome's value, or "outside" for 受付前 and 受付終了後.

    Raises ReceptionIsOpen for "outside" while the reception is open, ValueError for other words.
    """
    outcome = outside_reception(intake, now=now) if kind == "outside" else Outcome(kind)
    if kind != "outside" and outcome not in BY_KEY:
        raise ValueError("this outcome follows from what was done, not from a key")
    learner = Learner.objects.filter(pk=learner_pk).first() if learner_pk else None
    wish = class_session_pk
    if wish and not ClassSession.objects.filter(pk=wish, intake=intake).exists():
        wish = None
    record(
        intake,
        client_uuid=client_uuid,
        outcome=outcome,
        by=by,
        now=now,
        learner=learner,
        class_session_pk=wish,
    )
    return outcome


def withdraw(call_pk: int, *, by: StaffMember, now: datetime.datetime) -> None:
    """Take back a count pressed by mistake, within the intake's undo window. Raises NotYours."""
    call = CallLog.objects.select_related("intake").filter(pk=call_pk, operator=by).first()
    if call is None or call.application_id is not None:
        raise NotYours
    if now >= call.called_at + datetime.timedelta(minutes=call.intake.undo_minutes):
        raise NotYours
    call.delete()


def counts(intake: Intake) -> dict[str, int]:
    """Calls, and people who registered by them, counted apart (rule 18), in one query."""
    return CallLog.objects.filter(intake=intake).aggregate(
        calls=Count("pk"),
        people=Count("learner", distinct=True, filter=Q(learner__isnull=False)),
    )


def recent(by: StaffMember, intake: Intake, *, limit: int) -> list[CallLog]:
    """This operator's last calls in the intake, latest first, in one query."""
    return list(
        CallLog.objects.filter(operator=by, intake=intake)
        .select_related("learner", "application")
        .order_by("-called_at", "-pk")[:limit]
    )
