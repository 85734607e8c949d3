"""Who must be told what, and by which channel: a call, or post for 電話不可 (rule 20)."""

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q, QuerySet

from classes import sentences
from classes.models import (
    Application,
    CallTask,
    Enrollment,
    Intake,
    Lesson,
    LotteryDraw,
    Notice,
    Offer,
)
from staff.models import StaffMember

# Calls are sorted by this first; offers nobody was told of head the list (rule 29).
URGENCY = {
    Notice.Purpose.OFFER: 1,
    Notice.Purpose.CANCELLED: 1,
    Notice.Purpose.CHANGED: 2,
    Notice.Purpose.MOVED: 3,
    Notice.Purpose.SEATED: 3,
    Notice.Purpose.RESULT: 3,
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
        CallTask.objects.create(
            notice=notice, created_at=now, urgency=URGENCY[purpose], due_at=due_at
        )
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
    _drop(Q(intake=intake, purpose__in=before), by=by, now=now)


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


def lesson_changed(
    lesson: Lesson,
    *,
    old_starts_at: datetime.datetime,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[Notice]:
    """Tell everybody who holds a seat that a lesson moved; its revision makes the occasion.

    Whoever was not yet told of an earlier move is told of this one alone, from the day they know.
    """
    about = Notice.objects.filter(
        purpose=Notice.Purpose.CHANGED, occasion__startswith=f"lesson:{lesson.pk}:"
    )
    known = _last_heard(about)
    began = dict(lesson.history.order_by("history_date", "pk").values_list("revision", "starts_at"))
    _drop(Q(pk__in=[notice.pk for notice in about if notice.settled_at is None]), by=by, now=now)
    due = min(old_starts_at, lesson.starts_at) - datetime.timedelta(days=1)
    told = []
    for seat in _seats_of(lesson):
        learner = seat.application.learner
        heard = known.get(learner.pk, lesson.revision - 1)
        if heard:
            day = began.get(heard, old_starts_at)
            sentence = sentences.lesson_changed(learner, lesson, day)
        else:
            sentence = sentences.lesson_added(learner, lesson)
        told.append(_about_lesson(seat, lesson, sentence, due_at=max(now, due), now=now))
    return told


def lesson_added(lesson: Lesson, *, now: datetime.datetime) -> list[Notice]:
    """Tell everybody who holds a seat that their class has one lesson more."""
    due = max(now, lesson.starts_at - datetime.timedelta(days=1))
    return [
        _about_lesson(
            seat,
            lesson,
            sentences.lesson_added(seat.application.learner, lesson),
            due_at=due,
            now=now,
        )
        for seat in _seats_of(lesson)
    ]


def _seats_of(lesson: Lesson) -> QuerySet[Enrollment]:
    return (
        Enrollment.objects.held()
        .filter(class_session=lesson.class_session_id)
        .select_related("application__learner", "application__intake")
    )


def _about_lesson(
    seat: Enrollment,
    lesson: Lesson,
    sentence: str,
    *,
    due_at: datetime.datetime,
    now: datetime.datetime,
) -> Notice:
    occasion = f"lesson:{lesson.pk}:{lesson.revision}"
    return create(
        seat.application, Notice.Purpose.CHANGED, occasion, sentence, due_at=due_at, now=now
    )


def _last_heard(about: QuerySet[Notice]) -> dict[int, int]:
    """Learner → the revision they know, for those with moves they were not told of; 0 if none."""
    known: dict[int, int] = {}
    for notice in sorted(about, key=_revision):
        if notice.settled_at is not None and notice.outcome != Notice.Outcome.DROPPED:
            known.pop(notice.learner_id, None)
        else:
            known.setdefault(notice.learner_id, _revision(notice) - 1)
    return known


def _revision(notice: Notice) -> int:
    return int(notice.occasion.rpartition(":")[2])


def drop_for_offer(offer: Offer, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """The offer is closed: nobody needs to be told of it any more (rule 53)."""
    _drop(Q(offer=offer), by=by, now=now)


def drop_for_application(
    application: Application, *, by: StaffMember | None, now: datetime.datetime
) -> None:
    """The application ended: stop what is still to be said about it."""
    _drop(Q(application=application), by=by, now=now)


def drop_for_learner(learner_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """ご逝去: every call and letter stops at once (rule 42)."""
    _drop(Q(learner=learner_pk), by=by, now=now)


def restore_for_offer(offer: Offer, *, dropped_at: datetime.datetime) -> None:
    """The offer is open again: what was still to be said about it when it closed is."""
    _restore(Q(offer=offer), dropped_at)


def restore_for_application(application: Application, *, dropped_at: datetime.datetime) -> None:
    """What was still to be said when the application ended is to be said again.

    Offers are not: what was withdrawn is offered anew, with a notice of its own.
    """
    _restore(Q(application=application, offer__isnull=True), dropped_at)


def _restore(which: Q, dropped_at: datetime.datetime) -> None:
    dropped = Notice.objects.filter(which, settled_at=dropped_at, outcome=Notice.Outcome.DROPPED)
    CallTask.objects.filter(notice__in=dropped).update(closed_at=None)
    dropped.update(settled_at=None, settled_by=None, outcome="")


def _drop(which: Q, *, by: StaffMember | None, now: datetime.datetime) -> None:
    open_notices = Notice.objects.filter(which, settled_at__isnull=True)
    CallTask.objects.open().filter(notice__in=open_notices).update(
        closed_at=now, claimed_by=None, claimed_at=None
    )
    open_notices.update(settled_at=now, settled_by=by, outcome=Notice.Outcome.DROPPED)
