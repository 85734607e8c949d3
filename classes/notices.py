"""Who must be told what, and by which channel: a call, or post for 電話不可 (rule 20)."""

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q

from classes import sentences
from classes.models import (
    Application,
    CallTask,
    Intake,
    LotteryDraw,
    Notice,
    Offer,
)
from staff.models import StaffMember

# Calls are sorted by this first; offers nobody was told of head the list (rule 29).
URGENCY = {
    Notice.Purpose.OFFER: 1,
    # Within a day of the lesson these come before everything (classes.lesson_notices).
    Notice.Purpose.CANCELLED: 2,
    Notice.Purpose.RESUMED: 2,
    Notice.Purpose.CHANGED: 2,
    Notice.Purpose.MOVED: 3,
    Notice.Purpose.SEATED: 3,
    Notice.Purpose.RESULT: 3,
    Notice.Purpose.REPLY: 3,
    Notice.Purpose.REGISTERED: 4,
}
# Notices that say which place somebody has or may have: a new draw makes them untrue.
ABOUT_PLACES = (
    Notice.Purpose.RESULT,
    Notice.Purpose.OFFER,
    Notice.Purpose.SEATED,
    Notice.Purpose.MOVED,
)


def registered(
    application: Application,
    sentence: str,
    *,
    spoken: bool,
    due_at: datetime.datetime,
    by: StaffMember | None,
    now: datetime.datetime,
) -> Notice:
    """The result of a registration. What was told on the phone makes no task (rule 60)."""
    # An application may be answered again when a wish is added: the moment tells them apart.
    occasion = f"application:{application.pk}:{now:%Y%m%dT%H%M%S%f}"
    if spoken and not application.learner.no_phone_calls:
        return Notice.objects.create(
            intake_id=application.intake_id,
            learner_id=application.learner_id,
            application=application,
            purpose=Notice.Purpose.REGISTERED,
            occasion=occasion,
            channel=Notice.Channel.SPOKEN,
            sentence=sentence,
            created_at=now,
            due_at=now,
            settled_at=now,
            settled_by=by,
            outcome=Notice.Outcome.TOLD,
        )
    return create(
        application, Notice.Purpose.REGISTERED, occasion, sentence, due_at=due_at, now=now
    )


def create(
    application: Application,
    purpose: Notice.Purpose,
    occasion: str,
    sentence: str,
    *,
    due_at: datetime.datetime,
    now: datetime.datetime,
    offer: Offer | None = None,
    urgency: int | None = None,
) -> Notice:
    """One notice per learner, purpose and occasion (rule 52): a call task, or a line to post."""
    by_post = application.learner.no_phone_calls
    if by_post:
        # Paper leaves days earlier than a call would be made (rule 20).
        due_at = max(now, due_at - post_time())
    notice, made = Notice.objects.get_or_create(
        learner_id=application.learner_id,
        purpose=purpose,
        occasion=occasion,
        defaults={
            "intake_id": application.intake_id,
            "application": application,
            "offer": offer,
            "channel": Notice.Channel.POST if by_post else Notice.Channel.CALL,
            "sentence": sentence,
            "created_at": now,
            "due_at": due_at,
        },
    )
    if made and not by_post:
        sorted_by = URGENCY[purpose] if urgency is None else urgency
        CallTask.objects.create(notice=notice, created_at=now, urgency=sorted_by, due_at=due_at)
    return notice


def offer_announced(offer: Offer, *, now: datetime.datetime) -> Notice | None:
    """Tell a party of its offer: one call to whoever of them can be called, else one letter."""
    members = list(
        offer.party.applications.active().select_related("learner", "intake").order_by("number")
    )
    if not members:
        return None
    told = next((m for m in members if not m.learner.no_phone_calls), members[0])
    sentence = sentences.offer(
        told.learner, offer.class_session, offer.seats, offer.printed_deadline
    )
    return create(
        told,
        Notice.Purpose.OFFER,
        f"offer:{offer.pk}",
        sentence,
        due_at=now + datetime.timedelta(hours=told.intake.offer_hours),
        now=now,
        offer=offer,
    )


def drop_for_draw(intake: Intake, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """The draw has its result: what was still to be said of places before it is untrue now."""
    before = (*ABOUT_PLACES, Notice.Purpose.REGISTERED)
    drop(Q(intake=intake, purpose__in=before), by=by, now=now)


def tell_results(
    draw: LotteryDraw,
    results: Sequence[tuple[Application, str]],
    *,
    due_at: datetime.datetime,
    now: datetime.datetime,
    batch_size: int,
) -> None:
    """One notice a party about its result, with its call or letter, in inserts of many rows."""
    posted_at = max(now, due_at - post_time())
    made = [
        Notice(
            intake_id=draw.intake_id,
            learner_id=application.learner_id,
            application=application,
            purpose=Notice.Purpose.RESULT,
            occasion=f"draw:{draw.pk}:{application.pk}",
            channel=Notice.Channel.POST
            if application.learner.no_phone_calls
            else Notice.Channel.CALL,
            sentence=sentence,
            created_at=now,
            due_at=posted_at if application.learner.no_phone_calls else due_at,
        )
        for application, sentence in results
    ]
    Notice.objects.bulk_create(made, batch_size=batch_size)
    urgency = URGENCY[Notice.Purpose.RESULT]
    CallTask.objects.bulk_create(
        [
            CallTask(notice=notice, created_at=now, urgency=urgency, due_at=notice.due_at)
            for notice in made
            if notice.channel == Notice.Channel.CALL
        ],
        batch_size=batch_size,
    )


def post_time() -> datetime.timedelta:
    """How long a letter counts as being on its way (rule 29)."""
    return datetime.timedelta(days=settings.POSTED_DAYS)


def reword_offer(notice: Notice, offer: Offer) -> None:
    """Put the printed deadline into a letter about an offer."""
    notice.sentence = sentences.offer(
        notice.learner, offer.class_session, offer.seats, offer.printed_deadline
    )
    notice.save(update_fields=["sentence"])


def drop_for_offer(offer: Offer, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """The offer is closed: nobody needs to be told of it any more (rule 53)."""
    drop(Q(offer=offer), by=by, now=now)


def drop_for_application(
    application: Application, *, by: StaffMember | None, now: datetime.datetime
) -> None:
    """The application ended: stop what is still to be said about it."""
    drop(Q(application=application), by=by, now=now)


def drop_for_learner(learner_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """ご逝去: every call and letter stops at once (rule 42)."""
    drop(Q(learner=learner_pk), by=by, now=now)


def restore_for_offer(offer: Offer, *, dropped_at: datetime.datetime) -> None:
    """The offer is open again: what was still to be said about it when it closed is."""
    restore(Q(offer=offer), dropped_at)


def restore_for_application(application: Application, *, dropped_at: datetime.datetime) -> None:
    """What was still to be said when the application ended is to be said again.

    Offers are not: what was withdrawn is offered anew, with a notice of its own.
    """
    restore(Q(application=application, offer__isnull=True), dropped_at)


def restore(which: Q, dropped_at: datetime.datetime) -> None:
    """What was dropped at this moment is to be said again."""
    dropped = Notice.objects.filter(which, settled_at=dropped_at, outcome=Notice.Outcome.DROPPED)
    CallTask.objects.filter(notice__in=dropped).update(closed_at=None)
    dropped.update(settled_at=None, settled_by=None, outcome="")


def drop(which: Q, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """Open notices that are no longer needed, with their calls (rule 53)."""
    open_notices = Notice.objects.filter(which, settled_at__isnull=True)
    CallTask.objects.open().filter(notice__in=open_notices).update(
        closed_at=now, claimed_by=None, claimed_at=None
    )
    open_notices.update(settled_at=now, settled_by=by, outcome=Notice.Outcome.DROPPED)
