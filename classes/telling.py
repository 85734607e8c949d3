"""Telling somebody something: by which channel, and the rows that see to it (rules 20, 52, 60)."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classes import call_tasks, channels, deadlines, notice_messages
from classes.channels import Reach
from classes.models import Application, CallTask, ClassSession, Lesson, Notice, Offer
from staff.models import StaffMember

BATCH = 500
Channel = Notice.Channel


@dataclass(frozen=True)
class ToTell:
    """One occasion to tell one learner, before it is known by which channel."""

    application: Application
    purpose: Notice.Purpose
    occasion: str
    # What is read on a call, or written in a letter.
    sentence: str
    due_at: datetime.datetime
    # What an SMS needs: its text (MessageTemplate.Kind), what it speaks of, and when it is of no
    # use any more. Without a text there is none.
    text: str = ""
    until: datetime.datetime | None = None
    not_before: datetime.datetime | None = None
    class_session: ClassSession | None = None
    lesson: Lesson | None = None
    offer: Offer | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    urgency: int | None = None
    # Told on the phone while it happened: a text confirms it, and nothing follows without (60).
    was_spoken: bool = False


def tell(
    wanted: Sequence[ToTell],
    *,
    now: datetime.datetime,
    by: StaffMember | None = None,
    reach: Mapping[int, Reach] | None = None,
    batch_size: int = BATCH,
    is_new: bool = False,
) -> list[Notice]:
    """One notice per learner, purpose and occasion (rule 52), by SMS where one can still arrive in
    time, else by a call or a letter; in the caller's transaction, in a few queries however many.

    The dead are told nothing (rule 42). `reach` spares asking again who can receive what, `is_new`
    whether they were told before, where the occasion is just coming into being. Returns the
    notices that were made.
    """
    fresh = wanted if is_new else _not_told_before(wanted)
    if reach is None:
        reach = channels.of({each.application.learner_id for each in fresh})
    made = [
        (each, _notice(each, now))
        for each in fresh
        if each.application.learner_id in reach  # the living
    ]
    notice_messages.queue(
        [
            (each, notice, reach[notice.learner_id].number)
            for each, notice in made
            if each.text and reach[notice.learner_id].by_text
        ],
        now=now,
        batch_size=batch_size,
    )
    for each, notice in made:
        if notice.message_id is None:
            _tell_otherwise(each, notice, by, now)
    notices = [notice for _, notice in made]
    Notice.objects.bulk_create(notices, batch_size=batch_size)
    calls = [
        call_tasks.of(notice, now=now, sorted_by=each.urgency)
        for each, notice in made
        if notice.channel == Channel.CALL
    ]
    CallTask.objects.bulk_create(calls, batch_size=batch_size)
    return notices


def _not_told_before(wanted: Sequence[ToTell]) -> list[ToTell]:
    """Those without their notice, each once."""
    by_key = {(each.application.learner_id, each.purpose, each.occasion): each for each in wanted}
    there = set(
        Notice.objects.filter(
            learner__in={each.application.learner_id for each in wanted},
            occasion__in={each.occasion for each in wanted},
        ).values_list("learner_id", "purpose", "occasion")
    )
    return [each for key, each in by_key.items() if key not in there]


def _notice(each: ToTell, now: datetime.datetime) -> Notice:
    return Notice(
        intake=each.application.intake,
        learner=each.application.learner,
        application=each.application,
        offer=each.offer,
        class_session=each.class_session,
        lesson=each.lesson,
        text=each.text,
        facts={**each.facts, "spoken": True} if each.was_spoken else each.facts,
        purpose=each.purpose,
        occasion=each.occasion,
        channel=Channel.SMS,
        sentence=each.sentence,
        created_at=now,
        due_at=each.due_at,
    )


def _tell_otherwise(
    each: ToTell, notice: Notice, by: StaffMember | None, now: datetime.datetime
) -> None:
    """What was just said on the phone is told; else a call, or paper that leaves earlier."""
    if each.was_spoken:
        notice.channel = Channel.SPOKEN
        notice.due_at = notice.settled_at = now
        notice.settled_by = by
        notice.outcome = Notice.Outcome.TOLD
        return
    notice.channel = channels.without_text(
        no_phone_calls=each.application.learner.no_phone_calls
    ).channel
    if notice.channel == Channel.POST:
        notice.due_at = max(now, each.due_at - deadlines.post_time())
