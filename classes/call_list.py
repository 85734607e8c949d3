"""What the call list shows: its rows, the call in hand and the pace, in a few queries."""

import datetime
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils import timezone

from classes import call_pace, call_reasons, calls, unreached
from classes.models import Application, CallAttempt, CallTask, ClassSession, Notice, Offer
from learners.models import Learner
from staff.models import StaffMember

# A screen's worth; the rest waits behind a number, for a list is worked from its top.
ROWS_SHOWN = 40


@dataclass(frozen=True)
class Row:
    """One call to make."""

    task: CallTask
    claimed_by: StaffMember | None
    is_mine: bool
    tries: int
    later_at: datetime.datetime | None
    # Why it is a call and no SMS.
    why: str = ""
    # It should have been made before today.
    is_late: bool = False

    @property
    def notice(self) -> Notice:
        return self.task.notice

    @property
    def learner(self) -> Learner:
        return self.task.notice.learner

    @property
    def class_session(self) -> ClassSession | None:
        notice = self.task.notice
        return notice.offer.class_session if notice.offer else notice.class_session

    @property
    def is_untold_offer(self) -> bool:
        offer = self.task.notice.offer
        return offer is not None and offer.told_at is None


@dataclass(frozen=True)
class Listing:
    """The list as it stands; `digest` changes when anything that it shows does."""

    rows: tuple[Row, ...]
    total: int
    pace: call_pace.Pace
    digest: str

    @property
    def hidden(self) -> int:
        return self.total - len(self.rows)

    @property
    def free(self) -> int:
        """Calls that anybody may take now."""
        return sum(row.claimed_by is None and row.later_at is None for row in self.rows)


@dataclass(frozen=True)
class Panel:
    """The call in hand: what to read, to which number, and what was tried before."""

    task: CallTask
    sentence: str
    numbers: Sequence[calls.NumberToCall]
    attempts: Sequence[CallAttempt]
    together: Sequence[Learner]
    same_number: Sequence[CallTask]
    suggested_at: datetime.datetime
    answer_by: datetime.datetime | None
    # Calls in vain beside the rule of the intake, for an offer nobody was told of.
    unreached: unreached.Tries | None

    @property
    def learner(self) -> Learner:
        return self.task.notice.learner

    @property
    def has_number(self) -> bool:
        return any(not number.is_wrong for number in self.numbers)

    @property
    def number_in_turn(self) -> str:
        """The first number that did not prove wrong."""
        return next((n.e164 for n in self.numbers if not n.is_wrong), "")

    @property
    def is_offer(self) -> bool:
        offer = self.task.notice.offer
        return offer is not None and offer.status == Offer.Status.OPEN


def listing(who: StaffMember, *, now: datetime.datetime, limit: int = ROWS_SHOWN) -> Listing:
    """The top of the list, who is on which call, and the pace of the evening."""
    tasks = calls.open_tasks(now=now)
    shown = tasks.select_related(
        "notice__learner",
        "notice__intake",
        "notice__message",
        "notice__offer__class_session__course",
        "notice__offer__class_session__venue",
        "notice__class_session__course",
        "notice__class_session__venue",
        "notice__message",
        "claimed_by",
    )[:limit]
    reasons = call_reasons.of([task.notice for task in shown], now=now)
    rows = tuple(_row(task, reasons[task.notice_id], who, now) for task in shown)
    total = tasks.count() if len(rows) == limit else len(rows)
    pace = call_pace.pace(now=now)
    return Listing(rows, total, pace, _digest(rows, total, pace))


def panel(who: StaffMember, *, now: datetime.datetime, task_pk: int | None = None) -> Panel | None:
    """The call this operator has in hand: the named one of the number, else the first."""
    mine = calls.claimed_by(who, now=now)
    if not mine:
        return None
    task = next((task for task in mine if task.pk == task_pk), mine[0])
    return panel_of(task, [other for other in mine if other.pk != task.pk], now=now)


def panel_of(task: CallTask, same_number: Sequence[CallTask], *, now: datetime.datetime) -> Panel:
    """Everything about one call, loaded with calls.PANEL."""
    offer = task.notice.offer
    return Panel(
        task=task,
        sentence=calls.sentence(task, now=now),
        numbers=calls.numbers(task),
        attempts=list(
            CallAttempt.objects.filter(task__notice__learner=task.notice.learner_id)
            .select_related("by", "task__notice")
            .order_by("-at", "-pk")[:12]
        ),
        together=_together(task),
        same_number=same_number,
        suggested_at=call_pace.next_attempt(due_at=task.due_at, now=now),
        answer_by=calls.answer_by(offer, task.notice.intake, now=now) if offer else None,
        unreached=unreached.tries(offer, task.notice.intake)
        if offer and offer.told_at is None
        else None,
    )


def printed(*, now: datetime.datetime) -> list[tuple[CallTask, str]]:
    """The whole list with numbers and why each is called, for an evening without a network."""
    offered = Prefetch(
        "notice__application__party__applications",
        queryset=Application.objects.active().select_related("learner"),
        to_attr="members",
    )
    tasks = list(
        calls.open_tasks(now=now)
        .select_related(*calls.PANEL, "notice__application__party", "notice__message")
        .prefetch_related("notice__learner__phone_numbers", offered)
    )
    reasons = call_reasons.of([task.notice for task in tasks], now=now)
    return [(task, reasons[task.notice_id]) for task in tasks]


def learners(rows: Iterable[Row]) -> list[Learner]:
    """Whose data these rows show."""
    return [row.learner for row in rows]


def _row(task: CallTask, why: str, who: StaffMember, now: datetime.datetime) -> Row:
    claimer = task.claimed_by if calls.is_claimed(task, now=now) else None
    return Row(
        task=task,
        claimed_by=claimer,
        is_mine=claimer == who,
        tries=task.tries,  # type: ignore[attr-defined]
        later_at=task.later_at,  # type: ignore[attr-defined]
        why=why,
        is_late=timezone.localdate(task.deadline) < timezone.localdate(now),  # type: ignore[attr-defined]
    )


def _together(task: CallTask) -> list[Learner]:
    """The others of the party, who are told in the same call (rule 26)."""
    application = task.notice.application
    if application is None:
        return []
    others = (
        Application.objects.active()
        .filter(party=application.party_id)
        .exclude(pk=application.pk)
        .select_related("learner")
        .order_by("number")
    )
    return [other.learner for other in others]


def _digest(rows: Sequence[Row], total: int, pace: call_pace.Pace) -> str:
    seen = [
        (
            r.task.pk,
            r.claimed_by and r.claimed_by.pk,
            r.tries,
            str(r.later_at),
            r.task.due_at,
            r.why,
            r.is_late,
        )
        for r in rows
    ]
    shown = f"{seen}{total}{pace.to_make}{pace.made_today}{pace.can_be_made}"
    return hashlib.sha256(shown.encode()).hexdigest()[:16]
