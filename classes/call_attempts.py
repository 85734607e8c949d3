"""連絡記録: how one call to a learner ended, and what follows from it (rules 19, 29 and 60)."""

import datetime
import enum
import uuid
from dataclasses import dataclass

from django.db import transaction

from classes import answers, call_pace, calls, staff_tasks, standing, waitlist
from classes.models import CallAttempt, CallTask, Intake, Notice, Offer, PlaceEvent
from staff.models import StaffMember

Outcome = CallAttempt.Outcome


class Answer(enum.Enum):
    """What a party that was reached says to its offer."""

    ACCEPTS = "accepts"
    DECLINES = "declines"
    THINKS = "thinks"


class Result(enum.Enum):
    """What became of the call to make."""

    TOLD = "told"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    THINKING = "thinking"
    LEFT_WORD = "left_word"
    AGAIN_LATER = "again_later"
    NEXT_NUMBER = "next_number"
    NO_NUMBER_LEFT = "no_number_left"
    CLOSED_MEANWHILE = "closed_meanwhile"
    ALREADY_RECORDED = "already_recorded"


@dataclass(frozen=True)
class Recorded:
    """One try as it was kept; `sentence` is what to read now, `at` the deadline or next try."""

    attempt: CallAttempt
    result: Result
    sentence: str = ""
    at: datetime.datetime | None = None


@dataclass(frozen=True)
class Try:
    """What the operator entered about one call."""

    client_uuid: uuid.UUID
    outcome: CallAttempt.Outcome
    number: str = ""
    note: str = ""
    sentence: str = ""
    call_back_at: datetime.datetime | None = None
    counts_as_told: bool = False
    answer: Answer | None = None


def record_attempt(
    task_pk: int, entered: Try, *, by: StaffMember, now: datetime.datetime
) -> Recorded:
    """Keep one try and do what follows. The same client UUID is kept once (rule 22).

    Where the offer closed meanwhile the try is kept and nothing else changes. Raises ValueError
    for an offer reached without an answer, and for a call back without a time to come.
    """
    with transaction.atomic():
        locked, _ = calls.lock_group(task_pk, by=by)
        again = CallAttempt.objects.filter(client_uuid=entered.client_uuid).first()
        if again is not None:
            return _recorded_before(again)
        task = CallTask.objects.select_related(*calls.PANEL).get(pk=task_pk)
        intake = locked[task.notice.intake_id]
        _check(task, entered, now)
        attempt = CallAttempt.objects.create(
            task=task,
            client_uuid=entered.client_uuid,
            at=now,
            by=by,
            number=entered.number[:20],
            outcome=entered.outcome,
            call_back_at=entered.call_back_at,
            note=entered.note[:200],
            sentence=entered.sentence
            if entered.outcome in (Outcome.REACHED, Outcome.LEFT_WORD)
            else "",
        )
        if task.closed_at is not None:
            return _closed_meanwhile(intake, task, attempt, by=by, now=now)
        _keep_sentence(intake, task, attempt, by=by, now=now)
        match entered.outcome:
            case Outcome.REACHED:
                return _reached(intake, task, attempt, entered.answer, by=by, now=now)
            case Outcome.LEFT_WORD if entered.counts_as_told:
                return _left_word(intake, task, attempt, by=by, now=now)
            case Outcome.WRONG_NUMBER:
                return _wrong_number(task, attempt, now=now)
        return _later(task, attempt, now=now)


def _check(task: CallTask, entered: Try, now: datetime.datetime) -> None:
    if entered.outcome == Outcome.CALL_BACK and (
        entered.call_back_at is None or entered.call_back_at <= now
    ):
        raise ValueError("a call back needs a time to come")
    is_offer = task.notice.offer_id is not None and task.closed_at is None
    if entered.outcome == Outcome.REACHED and is_offer and entered.answer is None:
        raise ValueError("an offer needs an answer, or that they think it over")


def _reached(
    intake: Intake,
    task: CallTask,
    attempt: CallAttempt,
    answer: Answer | None,
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> Recorded:
    offer = _offer(task)
    if offer is None:
        _settle(task, Notice.Outcome.TOLD, by=by, now=now)
        return Recorded(attempt, Result.TOLD)
    waitlist.tell(intake, offer, told_by=Offer.ToldBy.PHONE, by=by, now=now)
    _settle(task, Notice.Outcome.TOLD, by=by, now=now)
    if answer is Answer.ACCEPTS:
        sentence = answers.accept(intake, offer, by=by, now=now)
        return Recorded(attempt, Result.ACCEPTED, sentence)
    if answer is Answer.DECLINES:
        sentence = answers.decline(intake, offer, by=by, now=now)
        return Recorded(attempt, Result.DECLINED, sentence)
    return Recorded(attempt, Result.THINKING, at=offer.expires_at)


def _left_word(
    intake: Intake,
    task: CallTask,
    attempt: CallAttempt,
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> Recorded:
    offer = _offer(task)
    if offer is not None:
        waitlist.tell(intake, offer, told_by=Offer.ToldBy.LEFT_WORD, by=by, now=now)
    _settle(task, Notice.Outcome.LEFT_WORD, by=by, now=now)
    return Recorded(attempt, Result.LEFT_WORD, at=offer.expires_at if offer else None)


def _wrong_number(task: CallTask, attempt: CallAttempt, *, now: datetime.datetime) -> Recorded:
    """Somebody else answered: ask for the right number, and try the person's next one now."""
    staff_tasks.ask_for_number(task.notice.learner_id, task.notice.intake_id, now=now)
    if any(not number.is_wrong for number in calls.numbers(task)):
        return Recorded(attempt, Result.NEXT_NUMBER)
    _let_group_go(task)
    return Recorded(attempt, Result.NO_NUMBER_LEFT)


def _later(task: CallTask, attempt: CallAttempt, *, now: datetime.datetime) -> Recorded:
    """Not told yet: try again at the named time, or at a better one than now."""
    at = attempt.call_back_at or call_pace.next_attempt(due_at=task.due_at, now=now)
    CallTask.objects.filter(pk=task.pk).update(next_attempt_at=at)
    if attempt.outcome == Outcome.NO_ANSWER:
        # The others who would be called on this very number are not there either.
        same = calls.same_number(task).filter(
            notice__learner__phone_numbers__e164=attempt.number or "-",
            claimed_by=attempt.by_id,
            next_attempt_at__isnull=True,
        )
        pks = list(same.values_list("pk", flat=True))
        CallTask.objects.filter(pk__in=pks).update(next_attempt_at=at)
    _let_group_go(task)
    return Recorded(attempt, Result.AGAIN_LATER, at=at)


def _closed_meanwhile(
    intake: Intake,
    task: CallTask,
    attempt: CallAttempt,
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> Recorded:
    """The offer expired or was answered elsewhere: say how things stand now."""
    application = task.notice.application
    if application is None or attempt.outcome != Outcome.REACHED:
        return Recorded(attempt, Result.CLOSED_MEANWHILE)
    application.intake = intake
    sentence = standing.of(intake, application).sentence
    standing.read_aloud(intake, application, sentence, by=by, now=now)
    return Recorded(attempt, Result.CLOSED_MEANWHILE, sentence)


def _recorded_before(attempt: CallAttempt) -> Recorded:
    said = (
        PlaceEvent.objects.filter(
            application__notices__call_task=attempt.task_id,
            kind=PlaceEvent.Kind.READ_ALOUD,
            at=attempt.at,
        )
        .order_by("pk")
        .last()
    )
    return Recorded(attempt, Result.ALREADY_RECORDED, said.sentence if said else "")


def _keep_sentence(
    intake: Intake,
    task: CallTask,
    attempt: CallAttempt,
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    """What was read is found again under the person too (rule 19)."""
    application = task.notice.application
    if application is None or not attempt.sentence:
        return
    offer = task.notice.offer
    standing.read_aloud(
        intake,
        application,
        attempt.sentence,
        by=by,
        now=now,
        class_session=offer.class_session if offer else None,
    )


def _offer(task: CallTask) -> Offer | None:
    return answers.load_offer(task.notice.offer_id) if task.notice.offer_id else None


def _settle(
    task: CallTask, outcome: Notice.Outcome, *, by: StaffMember, now: datetime.datetime
) -> None:
    Notice.objects.filter(pk=task.notice_id).update(settled_at=now, settled_by=by, outcome=outcome)
    CallTask.objects.filter(pk=task.pk).update(closed_at=now, claimed_by=None, claimed_at=None)


def _let_group_go(task: CallTask) -> None:
    """Nobody is on the line any more: the other calls to this number are free again."""
    group = list(calls.same_number(task).filter(claimed_by__isnull=False))
    calls.let_go(group)
