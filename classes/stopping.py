"""No more messages to a number (rule 58): what waits stops at once, and whoever was to be told by
it is told another way. From the number alone; nothing here says whose it is."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from classes import falling_back, staff_tasks, still_true, told_lately
from classes.locking import lock_intakes
from classes.models import Intake, Notice, Offer
from classes.still_true import Truth
from learners import numbers
from learners.models import Learner, PhoneNumber
from sms import suppression
from sms.models import NumberSuppression, OutboundMessage
from staff.models import StaffMember

Reason = NumberSuppression.Reason
Source = NumberSuppression.Source
Status = OutboundMessage.Status
NEEDS = tuple(sorted({*still_true.NEEDS, *falling_back.NEEDS}))
# How far back messages that went to another person are told anew.
TOLD_WITHIN = datetime.timedelta(days=60)
# What is worth telling again; the hint after a lesson is not.
TOLD_ANEW = (
    Notice.Purpose.REGISTERED,
    Notice.Purpose.RESULT,
    Notice.Purpose.OFFER,
    Notice.Purpose.SEATED,
    Notice.Purpose.MOVED,
    Notice.Purpose.CHANGED,
    Notice.Purpose.CANCELLED,
    Notice.Purpose.RESUMED,
    Notice.Purpose.REMINDER,
)


def opt_out(e164: str, *, source: Source, by: StaffMember | None, now: datetime.datetime) -> None:
    """Whoever has this number wants no messages: refused for every person who has it on record."""
    with transaction.atomic():
        _lock_for(_open_texts(e164))
        suppression.suppress(e164, Reason.OPTED_OUT, source=source, now=now)
        given_by = _("by SMS") if source == Source.REPLY else _("whoever answers at the number")
        numbers.refuse_everywhere(e164, given_by=given_by, by=by, now=now)
        tell_another_way(_taken_back(e164), now=now)


def wrong_person(
    e164: str, *, source: Source, by: StaffMember | None, now: datetime.datetime
) -> None:
    """別の方の番号: nobody we mean is at this number, so nobody was told anything there.

    What lately went there and still matters is told anew; an offer runs no time until then (rule
    29). Whoever has the number on record is to be asked for the right one.
    """
    with transaction.atomic():
        sent = _sent_in_vain(e164, now=now)
        _lock_for(Notice.objects.filter(Q(pk__in=_open_texts(e164)) | Q(pk__in=sent)))
        suppression.suppress(e164, Reason.WRONG_PERSON, source=source, now=now)
        in_vain = _still_matters(sent, now=now)
        for notice in in_vain:
            _unsay(notice)
        tell_another_way([*_taken_back(e164), *in_vain], now=now)
        for learner_pk, intake_pk in _whom_to_ask(e164):
            staff_tasks.ask_for_number(learner_pk, intake_pk, now=now)


def tell_another_way(texts: Iterable[Notice], *, now: datetime.datetime) -> None:
    """Open notices whose SMS came to nothing become calls, or letters to whom no call goes.

    Their intakes are locked by the caller. The notice stays the same one (rule 52). What holds no
    longer is left to the sweep that settles it.
    """
    pks = [notice.pk for notice in texts]
    found = list(Notice.objects.filter(pk__in=pks).select_related(*NEEDS).order_by("pk"))
    truths = still_true.of(found, now=now)
    holds = [notice for notice in found if truths[notice.pk] is Truth.HOLDS]
    falling_back.to_call_or_letter(holds, now=now)
    # Nobody else need look at what became of their messages.
    OutboundMessage.objects.filter(notices__in=holds, settled_at__isnull=True).exclude(
        status__in=OutboundMessage.UNDERWAY
    ).change(settled_at=now)


def _open_texts(e164: str) -> QuerySet[Notice]:
    """Notices that are still to be told by an SMS to this number."""
    return Notice.objects.to_text().filter(message__to=e164)


def _taken_back(e164: str) -> list[Notice]:
    taken = _open_texts(e164).filter(message__status=Status.CANCELLED)
    return list(taken.select_related("learner").order_by("pk"))


def _sent_in_vain(e164: str, *, now: datetime.datetime) -> QuerySet[Notice]:
    """What went to this number lately and is worth telling again."""
    # Also what was on the call list for want of a sign when it arrived after all.
    by_text = Q(outcome__in=(Notice.Outcome.DELIVERED, Notice.Outcome.SENT))
    return Notice.objects.filter(
        by_text | Q(outcome="", channel=Notice.Channel.SMS),
        purpose__in=TOLD_ANEW,
        message__to=e164,
        message__status__in=told_lately.WENT_OUT,
        message__created_at__gt=now - TOLD_WITHIN,
    )


def _still_matters(sent: QuerySet[Notice], *, now: datetime.datetime) -> list[Notice]:
    """What still holds; of several texts about one date only the last."""
    notices = list(sent.select_related(*NEEDS).order_by("pk"))
    truths = still_true.of(notices, now=now)
    latest: dict[tuple[int, int], Notice] = {}
    for notice in notices:
        coming = notice.lesson is None or notice.lesson.starts_at > now
        if coming and truths[notice.pk] is Truth.HOLDS and not notice.facts.get("spoken"):
            latest[notice.learner_id, -(notice.lesson_id or 0) or notice.pk] = notice
    return list(latest.values())


def _unsay(notice: Notice) -> None:
    """It was not told after all; an offer's time stands still until it is."""
    notice.settled_at = notice.settled_by = None
    notice.outcome = ""
    notice.answer = ""
    notice.answered_at = None
    notice.save(update_fields=["settled_at", "settled_by", "outcome", "answer", "answered_at"])
    offer = notice.offer
    if offer is not None and offer.told_by == Offer.ToldBy.SMS:
        offer.told_at = offer.expires_at = None
        offer.told_by = ""
        offer.save(update_fields=["told_at", "told_by", "expires_at"])


def _whom_to_ask(e164: str) -> list[tuple[int, int]]:
    """Whoever has this number on record, each with the intake they are known by last."""
    people = (
        Learner.objects.current()
        .filter(phone_numbers__e164=e164, phone_numbers__line=PhoneNumber.Line.VOICE)
        .filter(deceased_on__isnull=True)
        .order_by("pk")
        .distinct()
    )
    latest = Intake.objects.order_by("-opens_at", "-pk").values_list("pk", flat=True).first()
    asked = []
    for person in people:
        applied = person.applications.order_by("-registered_at", "-pk")
        intake_pk = applied.values_list("intake", flat=True).first() or latest
        if intake_pk is not None:
            asked.append((person.pk, intake_pk))
    return asked


def _lock_for(concerned: QuerySet[Notice]) -> None:
    lock_intakes(concerned.order_by().values_list("intake", flat=True))
