"""Ending places: cancel, undo within the window, retract a slip, and ご逝去 (rules 30, 37, 42)."""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from classes import notice_endings, party_notices, sentences, staff_tasks, waitlist
from classes.events import event, log
from classes.locking import lock_intake, lock_intakes, require_lock
from classes.models import (
    Application,
    ClassSession,
    Enrollment,
    Intake,
    Lesson,
    LotteryDraw,
    Notice,
    Offer,
    PlaceEvent,
    WaitlistEntry,
)
from learners.models import Learner
from staff.models import StaffMember


class CannotUndo(Exception):
    """The undo window has closed, or the person has registered anew since."""


class AlreadyEnded(Exception):
    """The application was cancelled or taken back before."""


def cancel(
    intake_pk: int,
    application_pk: int,
    *,
    reason: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> str:
    """End an application with all its places; returns the sentence to read aloud.

    A freed seat stays undoable for the intake's undo window and is offered along the line, but
    announced only after it (rule 30). Raises AlreadyEnded.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        application = _active(intake, application_pk)
        sentence = sentences.simple("cancelled", application.learner)
        until = now + datetime.timedelta(minutes=intake.undo_minutes)
        _end(
            intake,
            application,
            status=Application.Status.CANCELLED,
            seat_ending=Enrollment.Ending.CANCELLED,
            line_ending=WaitlistEntry.Ending.CANCELLED,
            undo_until=until,
            by=by,
            now=now,
        )
        log(
            [
                event(
                    PlaceEvent.Kind.CANCELLED,
                    application,
                    by=by,
                    now=now,
                    reason=reason,
                    sentence=sentence,
                )
            ]
        )
        return sentence


def give_up_seat(
    intake_pk: int,
    enrollment_pk: int,
    *,
    reason: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    """End one seat of an application that goes on (an intake with a seat per choice)."""
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        seat = (
            Enrollment.objects.held()
            .select_related("application__learner", "class_session")
            .filter(pk=enrollment_pk, application__intake=intake)
            .first()
        )
        if seat is None:
            raise AlreadyEnded
        until = now + datetime.timedelta(minutes=intake.undo_minutes)
        _end_seats([seat], Enrollment.Ending.CANCELLED, undo_until=until, now=now)
        notice_endings.drop_for_seat(seat, by=by, now=now)
        log(
            [
                event(
                    PlaceEvent.Kind.SEAT_GIVEN_UP,
                    seat.application,
                    by=by,
                    now=now,
                    class_session=seat.class_session,
                    reason=reason,
                )
            ]
        )
        waitlist.offer_next(intake, seat.class_session, by=by, now=now)


def undo(
    intake_pk: int, application_pk: int, *, by: StaffMember | None, now: datetime.datetime
) -> str:
    """Take a cancellation back, to the same seat or the same place in line (rule 30).

    Raises CannotUndo after the undo window, or when the person has registered anew since.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        application = Application.objects.select_related("learner").get(
            pk=application_pk, intake=intake
        )
        _check_undoable(intake, application, now)
        seats = list(
            application.enrollments.filter(ended_at=application.ended_at, undo_until__gt=now)
            .select_related("class_session", "undo_offer__class_session")
            .order_by("pk")
        )
        # What the freed seats went into, and what was offered to a smaller party meanwhile.
        taken_over = {seat.undo_offer for seat in seats if seat.undo_offer is not None}
        withdrawn = taken_over | set(_open_offers(application))
        for offer in withdrawn:
            waitlist.withdraw(offer, by=by, now=now)
        Enrollment.objects.filter(pk__in=[seat.pk for seat in seats]).update(
            ended_at=None, ending="", undo_until=None, undo_offer=None
        )
        entries = _restore_line(application)
        if application.ended_at is not None:
            notice_endings.restore_for_application(
                application, dropped_at=application.ended_at, now=now
            )
        application.status = Application.Status.ACTIVE
        application.ended_at = None
        application.save(update_fields=["status", "ended_at"])
        classes = [*(seat.class_session for seat in seats), *(e.class_session for e in entries)]
        application.intake = intake
        staff_tasks.raise_for([application], classes, now=now)
        touched = {seat.class_session for seat in seats}
        touched |= {entry.class_session for entry in entries}
        touched |= {offer.class_session for offer in withdrawn}
        for class_session in sorted(touched, key=lambda session: session.pk):
            waitlist.recall_unannounced(intake, class_session, by=by, now=now)
        held = seats[0].class_session if seats else None
        sentence = sentences.simple("undone", application.learner, held)
        log(
            [
                event(
                    PlaceEvent.Kind.UNDONE,
                    application,
                    by=by,
                    now=now,
                    class_session=held,
                    sentence=sentence,
                )
            ]
        )
        return sentence


def undo_seat(
    intake_pk: int, enrollment_pk: int, *, by: StaffMember | None, now: datetime.datetime
) -> str:
    """Take back that a seat was given up: alone, or with the whole application it ended with.

    Raises CannotUndo after the undo window, or when the seat is held again.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        seat = Enrollment.objects.select_related(
            "application__learner", "class_session", "undo_offer__class_session"
        ).get(pk=enrollment_pk, application__intake=intake)
        application = seat.application
        if application.status != Application.Status.ACTIVE:
            return undo(intake_pk, application.pk, by=by, now=now)
        again = Enrollment.objects.held().filter(
            application=application, class_session=seat.class_session
        )
        if seat.undo_until is None or now >= seat.undo_until or again.exists():
            raise CannotUndo
        if seat.undo_offer is not None:
            waitlist.withdraw(seat.undo_offer, by=by, now=now)
        Enrollment.objects.filter(pk=seat.pk).update(
            ended_at=None, ending="", undo_until=None, undo_offer=None
        )
        if seat.ended_at is not None:
            notice_endings.restore_for_seat(seat, dropped_at=seat.ended_at, now=now)
        waitlist.recall_unannounced(intake, seat.class_session, by=by, now=now)
        sentence = sentences.simple("undone", application.learner, seat.class_session)
        log(
            [
                event(
                    PlaceEvent.Kind.UNDONE,
                    application,
                    by=by,
                    now=now,
                    class_session=seat.class_session,
                    sentence=sentence,
                )
            ]
        )
        return sentence


def retract(
    intake_pk: int,
    application_pk: int,
    *,
    reason: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    """Take back a registration that was a slip, within the undo window of its entry.

    The receipt number is not used again. Raises CannotUndo after the window, AlreadyEnded.
    """
    with transaction.atomic():
        intake = lock_intake(intake_pk)
        application = _active(intake, application_pk)
        if now >= application.registered_at + datetime.timedelta(minutes=intake.undo_minutes):
            raise CannotUndo
        _end(
            intake,
            application,
            status=Application.Status.VOID,
            seat_ending=Enrollment.Ending.CANCELLED,
            line_ending=WaitlistEntry.Ending.CANCELLED,
            undo_until=None,
            by=by,
            now=now,
        )
        log(
            [
                event(
                    PlaceEvent.Kind.UNDONE,
                    application,
                    by=by,
                    now=now,
                    reason=reason,
                    details={"retracted": True},
                )
            ]
        )


def record_death(
    learner_pk: int, *, on: datetime.date, by: StaffMember | None, now: datetime.datetime
) -> None:
    """ご逝去: stop everything at once, free the seat, keep the partner's place (rule 42)."""
    with transaction.atomic():
        applications = list(
            Application.objects.active()
            .filter(learner=learner_pk)
            .select_related("learner")
            .order_by("intake")
        )
        told_in = Notice.objects.filter(learner=learner_pk, settled_at__isnull=True)
        wanted = {*(a.intake_id for a in applications), *told_in.values_list("intake", flat=True)}
        locked = {intake.pk: intake for intake in lock_intakes(wanted)}
        learner = Learner.objects.get(pk=learner_pk)
        learner.deceased_on = on
        learner._history_user = by  # type: ignore[attr-defined]
        learner._history_date = now  # type: ignore[attr-defined]
        learner.save(update_fields=["deceased_on"])
        for_others = party_notices.open_of(applications)
        notice_endings.drop_for_learner(learner_pk, by=by, now=now)
        for application in applications:
            application.learner = learner
            if _is_over(application, now):
                continue
            _end(
                locked[application.intake_id],
                application,
                status=Application.Status.CANCELLED,
                seat_ending=Enrollment.Ending.DECEASED,
                line_ending=WaitlistEntry.Ending.DECEASED,
                undo_until=None,
                by=by,
                now=now,
            )
            log([event(PlaceEvent.Kind.DECEASED, application, by=by, now=now)])
        party_notices.pass_on(for_others, by=by, now=now)


def _is_over(application: Application, now: datetime.datetime) -> bool:
    """Whether every lesson that this application was about has been: what was, stays."""
    classes = ClassSession.objects.filter(
        Q(enrollments__application=application, enrollments__ended_at__isnull=True)
        | Q(waitlist_entries__party=application.party_id, waitlist_entries__ended_at__isnull=True)
        | Q(choices__party=application.party_id)
    )
    lessons = Lesson.objects.filter(class_session__in=classes, cancelled_at__isnull=True)
    return lessons.exists() and not lessons.filter(ends_at__gt=now).exists()


def _active(intake: Intake, application_pk: int) -> Application:
    application = (
        Application.objects.active()
        .select_related("learner")
        .filter(pk=application_pk, intake=intake)
        .first()
    )
    if application is None:
        raise AlreadyEnded
    application.intake = intake
    return application


def _end(
    intake: Intake,
    application: Application,
    *,
    status: Application.Status,
    seat_ending: Enrollment.Ending,
    line_ending: WaitlistEntry.Ending,
    undo_until: datetime.datetime | None,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    """End one member's places; the others of the party keep theirs."""
    require_lock(intake)
    seats = list(application.enrollments.held().select_related("class_session"))
    application.status = status
    application.ended_at = now
    application.save(update_fields=["status", "ended_at"])
    _end_seats(seats, seat_ending, undo_until=undo_until, now=now)
    staff_tasks.drop_for(application)
    for_others = party_notices.open_of([application])
    notice_endings.drop_for_application(application, by=by, now=now)
    party_notices.pass_on(for_others, by=by, now=now)
    for offer in _open_offers(application):
        waitlist.withdraw(offer, by=by, now=now)
    entries = WaitlistEntry.objects.waiting().filter(party=application.party_id)
    # A smaller party may fit what it did not fit before, so its lines are looked at as well.
    touched = {seat.class_session for seat in seats} | {
        entry.class_session for entry in entries.select_related("class_session")
    }
    if not Application.objects.active().filter(party=application.party_id).exists():
        waitlist.end_entries(entries, line_ending, now=now)
    for class_session in sorted(touched, key=lambda session: session.pk):
        waitlist.offer_next(intake, class_session, by=by, now=now, not_before=undo_until)


def _open_offers(application: Application) -> list[Offer]:
    return list(
        Offer.objects.open().filter(party=application.party_id).select_related("class_session")
    )


def _end_seats(
    seats: Sequence[Enrollment],
    ending: Enrollment.Ending,
    *,
    undo_until: datetime.datetime | None,
    now: datetime.datetime,
) -> None:
    Enrollment.objects.filter(pk__in=[seat.pk for seat in seats]).update(
        ended_at=now, ending=ending, undo_until=undo_until
    )


def _check_undoable(intake: Intake, application: Application, now: datetime.datetime) -> None:
    if application.status != Application.Status.CANCELLED or application.ended_at is None:
        raise CannotUndo
    if now >= application.ended_at + datetime.timedelta(minutes=intake.undo_minutes):
        raise CannotUndo
    if application.learner.deceased_on is not None:
        raise CannotUndo
    # Not in the list that was frozen since: there is no place in that draw to come back to.
    lists = intake.draws.filter(kind=LotteryDraw.Kind.INTAKE, frozen_at__gt=application.ended_at)
    if lists.exclude(status=LotteryDraw.Status.TAKEN_BACK).exists():
        raise CannotUndo
    anew = Application.objects.active().filter(intake=intake, learner=application.learner_id)
    if anew.exists():
        raise CannotUndo


def _restore_line(application: Application) -> list[WaitlistEntry]:
    entries = list(
        WaitlistEntry.objects.filter(
            party=application.party_id,
            ended_at=application.ended_at,
            ending=WaitlistEntry.Ending.CANCELLED,
        ).select_related("class_session")
    )
    WaitlistEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(
        ended_at=None, ending=""
    )
    return entries
