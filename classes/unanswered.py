"""Offers whose end nears without an answer, and what nobody was told before its day passed."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from classes import call_tasks, sentences
from classes.locking import lock_intake
from classes.models import CallTask, Notice, Offer
from classes.models.notices import NoticeQuerySet
from classes.telling import ToTell, tell
from sms.models import OutboundMessage

Channel = Notice.Channel
Purpose = Notice.Purpose
Outcome = Notice.Outcome
ENDING = "ending"


def call_before_offers_end(*, now: datetime.datetime) -> int:
    """Told by SMS and silent: they are called before their time is over; returns how many.

    Not where nobody of the party may be called, nor while time stands still on a bad day.
    """
    longest = datetime.timedelta(hours=settings.OFFER_ENDING_HOURS)
    paused = Offer.objects.open().paused().values("pk")
    ending = (
        Offer.objects.open()
        .filter(told_by=Offer.ToldBy.SMS, expires_at__gt=now, expires_at__lte=now + longest)
        .exclude(pk__in=paused)
        .exclude(notices__occasion__endswith=f":{ENDING}")
        .select_related("class_session__intake")
        .order_by("expires_at", "pk")
    )
    called = 0
    for offer in list(ending):
        # Of a short time to answer, at least the first half is theirs.
        half = datetime.timedelta(hours=offer.class_session.intake.offer_hours) / 2
        if offer.expires_at is not None and offer.expires_at <= now + min(longest, half):
            called += _call(offer.pk, now)
    return called


def settle_passed(*, now: datetime.datetime) -> int:
    """The lesson has begun: what was still to be said of it was not told in time (rule 55).

    What left as an SMS is kept as sent. Returns how many notices were settled.
    """
    settled = 0
    left = Q(channel=Channel.SMS, message__status__in=OutboundMessage.LEFT)
    for which, outcome in (
        (~Q(channel=Channel.SMS), Outcome.MISSED),
        (left, Outcome.SENT),
    ):
        passed = _passed(now).filter(which)
        for intake_pk in list(
            passed.order_by("intake").values_list("intake", flat=True).distinct()
        ):
            with transaction.atomic():
                lock_intake(intake_pk)
                pks = list(passed.filter(intake=intake_pk).values_list("pk", flat=True))
                CallTask.objects.open().filter(notice__in=pks).update(
                    closed_at=now, claimed_by=None, claimed_at=None
                )
                settled += Notice.objects.filter(pk__in=pks, settled_at__isnull=True).update(
                    settled_at=now, outcome=outcome
                )
    return settled


def _passed(now: datetime.datetime) -> NoticeQuerySet:
    """Whoever came to a cancelled lesson in vain is called until it would have ended."""
    coming = (Purpose.REMINDER, Purpose.CHANGED, Purpose.RESUMED)
    return Notice.objects.filter(
        Q(purpose__in=coming, lesson__starts_at__lte=now)
        | Q(purpose=Purpose.CANCELLED, lesson__ends_at__lte=now),
        settled_at__isnull=True,
        lesson__isnull=False,
    ).exclude(message__status=OutboundMessage.Status.QUEUED)


def _call(offer_pk: int, now: datetime.datetime) -> int:
    with transaction.atomic():
        offer = Offer.objects.select_related(
            "class_session__course__level__current", "class_session__venue"
        ).get(pk=offer_pk)
        lock_intake(offer.class_session.intake_id)
        offer.refresh_from_db(fields=["status", "expires_at"])
        if offer.status != Offer.Status.OPEN or offer.expires_at is None:
            return 0
        members = offer.party.applications.active().select_related("learner", "intake")
        callable_ones = members.filter(learner__no_phone_calls=False).order_by("number")
        spoken_to = list(
            Notice.objects.filter(offer=offer, purpose=Purpose.OFFER).values_list(
                "application", flat=True
            )
        )
        told = callable_ones.filter(pk__in=spoken_to).first() or callable_ones.first()
        if told is None:
            return 0
        said = sentences.offer(told.learner, offer.class_session, offer.seats, offer.expires_at)
        made = tell(
            [
                ToTell(
                    told,
                    Purpose.OFFER,
                    f"offer:{offer.pk}:{ENDING}",
                    said,
                    due_at=offer.expires_at,
                    offer=offer,
                    class_session=offer.class_session,
                    urgency=call_tasks.AT_ONCE,
                )
            ],
            now=now,
        )
        return len(made)
