"""Changing one held seat from the class's page: give it up, or move it with its loan phone."""

import datetime

from django.db import transaction

from classes import cancelling, loan_phones, sentences, steering
from classes.models import Enrollment, Intake
from staff.models import StaffMember


def move(
    enrollment_pk: int,
    to_class_session_pk: int,
    *,
    reason: str,
    by: StaffMember,
    now: datetime.datetime,
) -> str:
    """Move the seat; a promised loan phone goes along. Returns what to say.

    Raises NoRoom and NotWaiting (steering), NoLoanPhoneLeft where no phone is left there: then
    nothing is moved.
    """
    with transaction.atomic():
        seat = Enrollment.objects.select_related("class_session").get(pk=enrollment_pk)
        new = steering.move(
            seat.class_session.intake_id,
            enrollment_pk,
            to_class_session_pk,
            reason=reason,
            by=by,
            now=now,
        )
        if seat.has_loan_phone:
            loan_phones.promise(new.pk, by=by, now=now)
        return sentences.simple("moved", new.application.learner, new.class_session)


def give_up(enrollment_pk: int, *, reason: str, by: StaffMember, now: datetime.datetime) -> str:
    """Cancel the application, or only this seat where people may hold several (rule 31).

    Returns what to say, "" for one seat of several. Raises AlreadyEnded (cancelling).
    """
    seat = Enrollment.objects.select_related("application__intake").get(pk=enrollment_pk)
    intake = seat.application.intake
    if seat.ended_at is not None:
        raise cancelling.AlreadyEnded
    if intake.seat_rule == Intake.SeatRule.ONE:
        return cancelling.cancel(intake.pk, seat.application_id, reason=reason, by=by, now=now)
    cancelling.give_up_seat(intake.pk, enrollment_pk, reason=reason, by=by, now=now)
    return ""
