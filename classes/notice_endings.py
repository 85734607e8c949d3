"""Notices that are no longer needed, with their calls and messages; and needed again (rule 53)."""

import datetime

from django.db.models import Q

from classes import falling_back, notices, still_true
from classes.models import Application, CallTask, Enrollment, Intake, Notice, Offer
from sms import outbox
from sms.models import OutboundMessage
from staff.models import StaffMember


def drop_for_draw(intake: Intake, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """The draw has its result: what was still to be said of places before it is untrue now."""
    before = (*notices.ABOUT_PLACES, Notice.Purpose.REGISTERED)
    drop(Q(intake=intake, purpose__in=before), by=by, now=now)


def drop_for_offer(offer: Offer, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """The offer is closed: nobody needs to be told of it any more (rule 53)."""
    drop(Q(offer=offer), by=by, now=now)


def drop_for_application(
    application: Application, *, by: StaffMember | None, now: datetime.datetime
) -> None:
    """The application ended: stop what is still to be said about it."""
    drop(Q(application=application), by=by, now=now)


def drop_for_learner(learner_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """ご逝去: every message, call and letter stops at once (rule 42)."""
    drop(Q(learner=learner_pk), by=by, now=now)


def drop_for_seat(seat: Enrollment, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """One seat of several was given up: what is still to be said of it stops."""
    drop(_of_seat(seat), by=by, now=now)


def restore_for_seat(
    seat: Enrollment, *, dropped_at: datetime.datetime, now: datetime.datetime
) -> None:
    """It is held again, and what was to be said of it is."""
    restore(_of_seat(seat), dropped_at, now=now)


def _of_seat(seat: Enrollment) -> Q:
    about = Q(purpose__in=still_true.OF_A_SEAT) | Q(text__in=still_true.SEAT_TEXTS)
    return about & Q(application=seat.application_id, class_session=seat.class_session_id)


def restore_for_offer(
    offer: Offer, *, dropped_at: datetime.datetime, now: datetime.datetime
) -> None:
    """The offer is open again: what was still to be said about it when it closed is."""
    restore(Q(offer=offer), dropped_at, now=now)


def restore_for_application(
    application: Application, *, dropped_at: datetime.datetime, now: datetime.datetime
) -> None:
    """What was still to be said when the application ended is to be said again.

    Offers are not: what was withdrawn is offered anew, with a notice of its own.
    """
    restore(Q(application=application, offer__isnull=True), dropped_at, now=now)


def drop(which: Q, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """Open notices that are no longer needed, with their calls and queued messages (rule 53)."""
    open_notices = Notice.objects.filter(which, settled_at__isnull=True)
    found = dict(open_notices.values_list("pk", "message"))
    if not found:
        return
    CallTask.objects.open().filter(notice__in=list(found)).update(
        closed_at=now, claimed_by=None, claimed_at=None
    )
    Notice.objects.filter(pk__in=list(found), settled_at__isnull=True).update(
        settled_at=now, settled_by=by, outcome=Notice.Outcome.DROPPED
    )
    falling_back.stop_messages([pk for pk in found.values() if pk is not None], now=now)


def restore(which: Q, dropped_at: datetime.datetime, *, now: datetime.datetime) -> None:
    """What was dropped at this moment is to be said again: its message waits again, and where it
    can no longer go out, there is a call or a letter."""
    dropped = list(
        Notice.objects.filter(which, settled_at=dropped_at, outcome=Notice.Outcome.DROPPED)
        .select_related("message", *falling_back.NEEDS)
        .order_by("pk")
    )
    pks = [notice.pk for notice in dropped]
    CallTask.objects.filter(notice__in=pks).update(closed_at=None)
    Notice.objects.filter(pk__in=pks).update(settled_at=None, settled_by=None, outcome="")
    for notice in dropped:
        notice.settled_at, notice.settled_by, notice.outcome = None, None, ""
    texted = [notice for notice in dropped if notice.channel == Notice.Channel.SMS]
    again = {
        notice.message.pk: _goes_again(notice.message, now)
        for notice in texted
        if notice.message is not None
    }
    falling_back.to_call_or_letter(
        [notice for notice in texted if not again.get(notice.message_id or 0)], now=now
    )


def _goes_again(message: OutboundMessage, now: datetime.datetime) -> bool:
    """Whether the message waits again, or has left; then its outcome is looked at anew."""
    if outbox.requeue(message.pk, message.body, send_after=max(message.send_after, now), now=now):
        return True
    left = OutboundMessage.objects.filter(
        pk=message.pk, status__in=(OutboundMessage.Status.QUEUED, *OutboundMessage.LEFT)
    )
    return bool(left.update(settled_at=None))
