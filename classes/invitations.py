"""One press for those who are slipping: their next class is proposed, or a call asks how they are.

Nobody is told twice: a class is proposed to somebody once, and nobody is asked twice in a month
(rule 52). Who is left out, and why, is said before and after.
"""

import datetime
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import (
    call_tasks,
    channels,
    coming_back,
    next_classes,
    planned_notices,
    sentences,
)
from classes.channels import Reach
from classes.models import Application, CallTask, Intake, Notice
from classes.planned_notices import Due
from learners.models import Learner
from sms import segments, sending_hours

Channel = Notice.Channel
NEXT_CLASS = Notice.Purpose.NEXT_CLASS


@dataclass(frozen=True)
class Skipped:
    """Somebody who is told nothing now, and why."""

    learner: Learner
    why: str


@dataclass
class Plan:
    """What a press would do."""

    proposals: list[Due] = field(default_factory=list)
    asked: list[Learner] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    by_text: int = 0
    by_call: int = 0
    by_letter: int = 0
    messages: int = 0
    segments: int = 0
    # Whoever has a class ahead is asked how they are, and not told that none is open.
    have_a_place: frozenset[int] = frozenset()

    @property
    def cost(self) -> Decimal:
        """In yen, by the price of a segment."""
        price: Decimal = settings.SMS_SEGMENT_PRICE
        return self.segments * price

    @property
    def people(self) -> int:
        return len(self.proposals) + len(self.asked)


def prepare(learner_pks: Collection[int], *, now: datetime.datetime) -> Plan:
    """Who of these would be told what, and who not; the queries do not grow with them."""
    learners = Learner.objects.current().filter(deceased_on__isnull=True).in_bulk(list(learner_pks))
    today = timezone.localdate(now)
    placed = coming_back.have_a_place_ahead(now=now) & set(learners)
    proposed = next_classes.proposals(
        {pk: each for pk, each in learners.items() if pk not in placed}, now=now
    )
    plan = Plan(have_a_place=frozenset(placed))
    earlier = _earlier(learners)
    # One order for every press, so that two at once never wait for each other in a circle.
    for pk, learner in sorted(learners.items()):
        due = proposed.get(pk)
        occasion = due.occasion if due else _occasion(today)
        why = _why_not(learner, earlier.get(pk, {}), occasion, today)
        if why:
            plan.skipped.append(Skipped(learner, why))
        elif due:
            plan.proposals.append(due)
        else:
            plan.asked.append(learner)
    _count(plan, channels.of(learners), now)
    return plan


def send(learner_pks: Collection[int], *, now: datetime.datetime) -> Plan:
    """Do it: notices with their messages, calls and letters. Pressed twice it does nothing more."""
    with transaction.atomic():
        plan = prepare(learner_pks, now=now)
        planned_notices.write(
            plan.proposals, words=planned_notices.Words(), hours=sending_hours.load(), now=now
        )
        _ask(plan, now)
    return plan


def _ask(plan: Plan, now: datetime.datetime) -> None:
    """A call, or a letter, that asks how they are getting on."""
    if not plan.asked:
        return
    occasion = _occasion(timezone.localdate(now))
    intakes = _intakes([learner.pk for learner in plan.asked])
    last = Intake.objects.order_by("opens_at", "pk").values_list("pk", flat=True).last()
    rows = [
        Notice(
            intake_id=intakes.get(learner.pk, last or 0),
            learner=learner,
            purpose=NEXT_CLASS,
            occasion=occasion,
            channel=channels.without_text(no_phone_calls=learner.no_phone_calls).channel,
            sentence=sentences.render(
                "how_are_you", learner, has_place=learner.pk in plan.have_a_place
            ),
            created_at=now,
            due_at=now + datetime.timedelta(days=1),
        )
        for learner in plan.asked
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=planned_notices.BATCH)
    to_call = Notice.objects.filter(
        purpose=NEXT_CLASS,
        occasion=occasion,
        channel=Channel.CALL,
        settled_at__isnull=True,
        call_task__isnull=True,
    )
    tasks = [
        CallTask(
            notice_id=pk,
            created_at=now,
            urgency=call_tasks.URGENCY[NEXT_CLASS],
            due_at=due_at,
        )
        for pk, due_at in to_call.values_list("pk", "due_at")
    ]
    CallTask.objects.bulk_create(tasks, ignore_conflicts=True, batch_size=planned_notices.BATCH)


def _why_not(
    learner: Learner, earlier: Mapping[str, Notice], occasion: str, today: datetime.date
) -> str:
    paused = learner.messages_paused_until
    if paused is not None and paused > today:
        return _("wants no reminders until %(day)s") % {"day": f"{paused:%Y/%m/%d}"}
    if any(notice.settled_at is None for notice in earlier.values()):
        return _("is already being told")
    before = earlier.get(occasion)
    if before is None:
        return ""
    day = {"day": f"{timezone.localtime(before.created_at):%Y/%m/%d}"}
    if occasion.startswith("class:"):
        return _("was told of this class on %(day)s") % day
    return _("was asked this month, on %(day)s") % day


def _earlier(learners: Collection[int]) -> dict[int, dict[str, Notice]]:
    """By learner what they were told of a next class before, by occasion."""
    found: dict[int, dict[str, Notice]] = {}
    for notice in Notice.objects.filter(learner__in=list(learners), purpose=NEXT_CLASS):
        found.setdefault(notice.learner_id, {})[notice.occasion] = notice
    return found


def _intakes(learner_pks: Collection[int]) -> dict[int, int]:
    """By learner the intake they applied in last."""
    rows = Application.objects.filter(learner__in=list(learner_pks)).order_by("received_at", "pk")
    return dict(rows.values_list("learner", "intake"))


def _occasion(today: datetime.date) -> str:
    return f"asked:{today:%Y-%m}"


def _count(plan: Plan, reached: Mapping[int, Reach], now: datetime.datetime) -> None:
    """By which channel, and what the messages cost; those of one number about one class are one."""
    words = planned_notices.Words()
    by: Counter[Notice.Channel] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Due] = {}
    for due in plan.proposals:
        reach = reached[due.learner_pk]
        by[reach.channel] += 1
        if reach.by_text:
            key = (reach.number, due.occasion)
            together[key] += 1
            first.setdefault(key, due)
    for learner in plan.asked:
        by[channels.without_text(no_phone_calls=learner.no_phone_calls).channel] += 1
    for key, people in together.items():
        text = words.text(first[key], people, now)
        plan.segments += segments.measure(text).segments if text else 0
    plan.messages = len(together)
    plan.by_text, plan.by_call, plan.by_letter = (
        by[Channel.SMS],
        by[Channel.CALL],
        by[Channel.POST],
    )
