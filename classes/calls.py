"""The calls to make: in which order, who makes which, and to what number (rules 20, 29 and 60)."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from classes import bulk, call_tasks, planned_sentences, sentences, standing
from classes.locking import lock_intakes
from classes.models import CallAttempt, CallTask, Intake, Notice, Offer, StaffTask
from classes.models.calls import CallTaskQuerySet
from learners.models import Learner, PhoneNumber
from sms import phone_numbers
from sms.models import NumberSuppression
from staff.models import StaffMember


class TaskClosed(Exception):
    """The call need not be made any more."""


class ClaimedByOther(Exception):
    """Another operator is calling this person, or somebody else on the same number."""

    def __init__(self, who: StaffMember) -> None:
        super().__init__(str(who.pk))
        self.who = who


@dataclass(frozen=True)
class NumberToCall:
    """One number of the person, whose it is, and whether it proved wrong."""

    e164: str
    shown: str
    whose: str
    is_wrong: bool = False


def open_tasks(*, now: datetime.datetime) -> CallTaskQuerySet:
    """The call list, most urgent first.

    Offers nobody was told of head it (rule 29); then urgency, the nearer deadline, the earlier
    due. A reminder of a lesson within a day is worth nothing tomorrow: it comes before results.
    What is to be tried later sinks until then. 電話不可 is never on it (rule 20). Each task
    carries `tries` and `later_at`.
    """
    untold = Q(notice__purpose=Notice.Purpose.OFFER, notice__offer__told_at__isnull=True)
    is_near = Q(
        notice__purpose=Notice.Purpose.REMINDER, notice__lesson__starts_at__lte=now + call_tasks.DAY
    )
    tries = (
        CallAttempt.objects.filter(task=OuterRef("pk"))
        .order_by()
        .values("task")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        CallTask.objects.open()
        .filter(notice__learner__no_phone_calls=False)
        .annotate(
            later_at=Case(When(next_attempt_at__gt=now, then=F("next_attempt_at"))),
            rank=Case(
                When(untold, then=0),
                When(is_near, then=call_tasks.URGENCY[Notice.Purpose.CANCELLED]),
                default=F("urgency"),
                output_field=IntegerField(),
            ),
            deadline=Coalesce(
                "notice__offer__expires_at", "notice__offer__printed_deadline", "due_at"
            ),
            tries=Coalesce(Subquery(tries), 0),
        )
        .order_by(F("later_at").asc(nulls_first=True), "rank", "deadline", "due_at", "pk")
    )


def claim(task_pk: int, *, by: StaffMember, now: datetime.datetime) -> CallTask:
    """Take this call, and with it every call to the same person or number.

    What the operator had claimed before is let go. A claim lapses after CALL_CLAIM_MINUTES.
    Raises TaskClosed or ClaimedByOther.
    """
    with transaction.atomic():
        _, group = lock_group(task_pk, by=by)
        if all(task.pk != task_pk for task in group):
            raise TaskClosed
        for task in group:
            if is_claimed(task, now=now) and task.claimed_by_id != by.pk and task.claimed_by:
                raise ClaimedByOther(task.claimed_by)
        CallTask.objects.filter(claimed_by=by).update(claimed_by=None, claimed_at=None)
        CallTask.objects.open().filter(pk__in=[task.pk for task in group]).update(
            claimed_by=by, claimed_at=now
        )
        return CallTask.objects.get(pk=task_pk)


def claim_next(*, by: StaffMember, now: datetime.datetime) -> CallTask | None:
    """Take the most urgent call that nobody is making; None when there is none."""
    free = open_tasks(now=now).exclude(_live_claim(now)).exclude(next_attempt_at__gt=now)
    for task_pk in list(free.values_list("pk", flat=True)[:20]):
        try:
            return claim(task_pk, by=by, now=now)
        except (TaskClosed, ClaimedByOther):
            continue
    return None


def release(task_pk: int, *, by: StaffMember, now: datetime.datetime) -> None:
    """Let go of this call and of those to the same number; only one's own."""
    with transaction.atomic():
        _, group = lock_group(task_pk, by=by)
        let_go([task for task in group if task.claimed_by_id == by.pk])


def let_go(tasks: Iterable[CallTask]) -> None:
    """End the claims on these calls; their intakes are locked by the caller."""
    CallTask.objects.filter(pk__in=[task.pk for task in tasks]).update(
        claimed_by=None, claimed_at=None
    )


def lock_group(task_pk: int, *, by: StaffMember) -> tuple[dict[int, Intake], list[CallTask]]:
    """Lock the intakes of everything a claim touches; then the open calls of the number.

    Whoever closes a call holds its intake too, so that nobody waits for a call's row in a circle.
    """
    task = CallTask.objects.select_related("notice").get(pk=task_pk)
    touched = CallTask.objects.filter(Q(pk__in=same_number(task).values("pk")) | Q(claimed_by=by))
    intakes = lock_intakes(
        [task.notice.intake_id, *touched.values_list("notice__intake", flat=True)]
    )
    group = same_number(task).select_related("notice", "claimed_by").order_by("pk")
    return {intake.pk: intake for intake in intakes}, list(group)


def is_claimed(task: CallTask, *, now: datetime.datetime) -> bool:
    """Whether somebody is on this call; a claim lapses after CALL_CLAIM_MINUTES."""
    return task.claimed_at is not None and task.claimed_at > now - claim_time()


def claim_time() -> datetime.timedelta:
    """How long a claim lasts."""
    return datetime.timedelta(minutes=settings.CALL_CLAIM_MINUTES)


def claimed_by(who: StaffMember, *, now: datetime.datetime) -> list[CallTask]:
    """The calls this operator is making now: one person's or one number's, urgent first."""
    return list(
        open_tasks(now=now)
        .filter(claimed_by=who, claimed_at__gt=now - claim_time())
        .select_related(*PANEL)
    )


PANEL = (
    "notice__learner",
    "notice__intake",
    "notice__message",
    "notice__application__learner",
    "notice__offer__class_session__course__level__current",
    "notice__offer__class_session__venue",
)


def same_number(task: CallTask) -> QuerySet[CallTask]:
    """Open calls to the same person, or to anybody who shares a number (rule 3)."""
    voice = PhoneNumber.objects.filter(line=PhoneNumber.Line.VOICE)
    numbers = voice.filter(learner=task.notice.learner_id).values("e164")
    sharing = voice.filter(e164__in=numbers).values("learner")
    return CallTask.objects.open().filter(
        Q(notice__learner=task.notice.learner_id) | Q(notice__learner__in=sharing)
    )


def numbers(task: CallTask) -> list[NumberToCall]:
    """The numbers to try in order; those that proved wrong come last, marked."""
    learner = task.notice.learner
    wrong = wrong_numbers(learner)
    found = {
        number.e164: NumberToCall(
            number.e164,
            phone_numbers.display(number.e164),
            _whose(number),
            number.e164 in wrong,
        )
        for number in learner.phone_numbers.all()
        if number.line == PhoneNumber.Line.VOICE
    }
    proxy = _proxy_number(task)
    if proxy is not None:
        found.setdefault(proxy.e164, proxy)
    return sorted(found.values(), key=lambda number: number.is_wrong)


def wrong_numbers(learner: Learner) -> set[str]:
    """Numbers under which somebody else answered or wrote, until staff have put them right."""
    put_right = (
        StaffTask.objects.filter(
            learner=learner, kind=StaffTask.Kind.CONFIRM_NUMBER, done_at__isnull=False
        )
        .order_by("-done_at")
        .values_list("done_at", flat=True)
        .first()
    )
    tried = CallAttempt.objects.filter(
        task__notice__learner=learner, outcome=CallAttempt.Outcome.WRONG_NUMBER
    )
    e164s = [number.e164 for number in learner.phone_numbers.all()]
    written = NumberSuppression.objects.standing().filter(
        e164__in=e164s, reason=NumberSuppression.Reason.WRONG_PERSON
    )
    if put_right is not None:
        tried = tried.filter(at__gt=put_right)
        written = written.filter(since__gt=put_right)
    return {
        *tried.order_by().values_list("number", flat=True),
        *written.order_by().values_list("e164", flat=True),
    }


def sentence(task: CallTask, *, now: datetime.datetime) -> str:
    """What to read on this call, as things stand now: the deadline, the present place in line."""
    notice = task.notice
    offer = notice.offer
    if offer is not None and offer.status == Offer.Status.OPEN:
        said = answer_by(offer, notice.intake, now=now)
        return sentences.offer(notice.learner, offer.class_session, offer.seats, said)
    if notice.purpose == Notice.Purpose.REGISTERED and notice.application is not None:
        return standing.of(notice.intake, notice.application).sentence
    if notice.purpose in planned_sentences.PLANNED:
        return planned_sentences.of_notice(notice, now=now)
    if notice.purpose == Notice.Purpose.BULK:
        return bulk.text_for(notice, at=now) or notice.sentence
    return notice.sentence


def answer_by(offer: Offer, intake: Intake, *, now: datetime.datetime) -> datetime.datetime:
    """Until when the party may answer, to the full hour as it is said: from when it was told, or
    if it is told now (rule 29)."""
    until = now + datetime.timedelta(hours=intake.offer_hours)
    deadline = offer.expires_at or max(until, offer.printed_deadline or until)
    return deadline.replace(minute=0, second=0, microsecond=0)


def _live_claim(now: datetime.datetime) -> Q:
    return Q(claimed_at__isnull=False, claimed_at__gt=now - claim_time())


def _whose(number: PhoneNumber) -> str:
    if number.owner == PhoneNumber.Owner.SELF:
        return _("own")
    owner = number.get_owner_display()
    return f"{owner} {number.owner_name}".strip()


def _proxy_number(task: CallTask) -> NumberToCall | None:
    application = task.notice.application
    if application is None or not application.proxy_phone:
        return None
    try:
        parsed = phone_numbers.parse(application.proxy_phone, area_code=settings.CITY_AREA_CODE)
    except phone_numbers.InvalidNumber:
        return None
    whose = f"{application.proxy_name} {application.proxy_relation}".strip()
    return NumberToCall(parsed.e164, phone_numbers.display(parsed.e164), whose)
