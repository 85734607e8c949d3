"""What the coming-back page says of each person: where they stand, the last contact, what is next.

One page of people costs the same number of queries however many they are.
"""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classes import channels, next_classes
from classes.channels import Reach
from classes.coming_back import PURPOSES, Reason, Slipping, ToldCount
from classes.models import Attendance, CallAttempt, CallLog, Lesson, Notice, WalkIn
from classes.return_rate import Ended
from learners.models import Learner
from skill_levels.models import SkillLevel

Outcome = Notice.Outcome
Channel = Notice.Channel
# The text stands in the middle of a line: "SMS delivered, next class".
HOW = {
    Outcome.TOLD: gettext_lazy("told on the phone"),
    Outcome.LEFT_WORD: gettext_lazy("left word"),
    Outcome.POSTED: gettext_lazy("letter posted"),
    Outcome.FAXED: gettext_lazy("fax sent"),
    Outcome.DELIVERED: gettext_lazy("SMS delivered"),
    Outcome.SENT: gettext_lazy("SMS sent, not confirmed"),
    Outcome.MISSED: gettext_lazy("not told in time"),
    Outcome.DROPPED: gettext_lazy("no longer needed"),
}
WAITING = {
    Channel.SMS: gettext_lazy("SMS on its way"),
    Channel.CALL: gettext_lazy("to be called"),
    Channel.POST: gettext_lazy("letter to be sent"),
    Channel.SPOKEN: gettext_lazy("told on the phone"),
}
REACHED_NOBODY = (Outcome.DROPPED, Outcome.MISSED)


@dataclass(frozen=True)
class Contact:
    """The last time that the desk and a person heard of each other, and how."""

    at: datetime.datetime
    how: str


@dataclass(frozen=True)
class Person:
    """One line of those who are slipping."""

    learner: Learner
    slipping: Slipping
    level: SkillLevel | None
    # The first lesson of the class that would come next.
    next_lesson: Lesson | None
    last_seen: datetime.date | None
    contact: Contact | None
    reach: Reach
    # A notice about what comes next that is still on its way.
    waiting: Notice | None

    @property
    def reasons(self) -> list[Reason]:
        return list(self.slipping.reasons)


@dataclass(frozen=True)
class Back:
    """One line of those who came back."""

    learner: Learner
    ended: Ended
    level: SkillLevel | None
    days: int


@dataclass(frozen=True)
class ToldLine:
    """One notice about what lies ahead, and how it was told, in words."""

    notice: Notice
    how: str
    is_open: bool


@dataclass(frozen=True)
class TableOfTold:
    """How many were told which way, of each kind of notice."""

    rows: tuple[tuple[str, tuple[int, ...]], ...]
    totals: tuple[tuple[str, int], ...]


def people(found: Sequence[Slipping], *, now: datetime.datetime) -> list[Person]:
    """The lines of these people, in their order."""
    pks = [each.learner_pk for each in found]
    learners = Learner.objects.in_bulk(pks)
    levels = SkillLevel.objects.select_related("current").in_bulk()
    proposed = next_classes.proposals(learners, now=now)
    contacts = last_contacts(pks)
    seen = last_seen(pks)
    reached = channels.of(pks)
    waiting = {
        notice.learner_id: notice
        for notice in Notice.objects.filter(
            learner__in=pks, purpose=Notice.Purpose.NEXT_CLASS, settled_at__isnull=True
        ).select_related("class_session")
    }
    return [
        Person(
            learners[each.learner_pk],
            each,
            levels.get(each.level_pk),
            due.lesson if (due := proposed.get(each.learner_pk)) else None,
            seen.get(each.learner_pk),
            contacts.get(each.learner_pk),
            reached.get(each.learner_pk)
            or channels.without_text(no_phone_calls=learners[each.learner_pk].no_phone_calls),
            waiting.get(each.learner_pk),
        )
        for each in found
    ]


def back(found: Sequence[Ended]) -> list[Back]:
    """The lines of those who came back, in their order."""
    learners = Learner.objects.in_bulk([each.learner_pk for each in found])
    levels = SkillLevel.objects.select_related("current").in_bulk()
    lines = []
    for each in found:
        after = (each.came_back_at or each.ended) - each.ended
        level = levels.get(each.level_pk)
        lines.append(Back(learners[each.learner_pk], each, level, max(after.days, 0)))
    return lines


def told_lines(notices: Sequence[Notice]) -> list[ToldLine]:
    """How each was told, or is about to be."""
    return [ToldLine(notice, how_told(notice), notice.settled_at is None) for notice in notices]


def how_told(notice: Notice) -> str:
    """What became of a notice, in words."""
    if notice.settled_at is None:
        return str(WAITING[Notice.Channel(notice.channel)])
    return str(HOW[Notice.Outcome(notice.outcome)])


def last_contacts(learner_pks: Collection[int]) -> dict[int, Contact]:
    """The last notice that was told, call that was made, or call that came in."""
    found: dict[int, Contact] = {}

    def hear(learner: int, at: datetime.datetime, how: str) -> None:
        if learner not in found or found[learner].at < at:
            found[learner] = Contact(at, how)

    settled = (
        Notice.objects.filter(learner__in=learner_pks, settled_at__isnull=False)
        .exclude(outcome__in=REACHED_NOBODY)
        .order_by("settled_at")
    )
    for notice in settled.only("learner_id", "settled_at", "outcome", "channel", "purpose"):
        if notice.settled_at is not None:
            words = f"{how_told(notice)} ({notice.get_purpose_display()})"
            hear(notice.learner_id, notice.settled_at, words)
    attempts = CallAttempt.objects.filter(
        task__notice__learner__in=learner_pks, outcome=CallAttempt.Outcome.NO_ANSWER
    ).order_by()
    for learner, at in attempts.values_list("task__notice__learner").annotate(Max("at")):
        hear(learner, at, _("called, no answer"))
    calls = CallLog.objects.filter(learner__in=learner_pks).order_by()
    for learner, at in calls.values_list("learner").annotate(Max("called_at")):
        hear(learner, at, _("called us"))
    return found


def last_seen(learner_pks: Collection[int]) -> dict[int, datetime.date]:
    """The day of the last lesson each came to, with a seat or without."""
    came = Attendance.objects.filter(
        enrollment__application__learner__in=learner_pks, status=Attendance.Status.PRESENT
    ).order_by()
    seen: dict[int, datetime.datetime] = dict(
        came.values_list("enrollment__application__learner").annotate(Max("lesson__starts_at"))
    )
    walked_in = WalkIn.objects.standing().filter(learner__in=learner_pks).order_by()
    for learner, at in walked_in.values_list("learner").annotate(Max("lesson__starts_at")):
        seen[learner] = max(at, seen.get(learner, at))
    return {pk: timezone.localtime(at).date() for pk, at in seen.items()}


def told_table(counts: Sequence[ToldCount]) -> TableOfTold:
    """The counts with a line for each way of telling, and their sum for each kind of notice."""
    ways = (
        (HOW[Outcome.DELIVERED], [each.by_text for each in counts]),
        (HOW[Outcome.SENT], [each.sent for each in counts]),
        (WAITING[Channel.SMS], [each.waiting for each in counts]),
        (HOW[Outcome.TOLD], [each.by_phone for each in counts]),
        (WAITING[Channel.CALL], [each.to_call for each in counts]),
        (HOW[Outcome.POSTED], [each.by_letter for each in counts]),
        (WAITING[Channel.POST], [each.to_post for each in counts]),
        (HOW[Outcome.MISSED], [each.missed for each in counts]),
    )
    return TableOfTold(
        tuple((str(how), tuple(numbers)) for how, numbers in ways),
        tuple((str(Notice.Purpose(each.purpose).label), each.total) for each in counts),
    )


def recent_notices(*, now: datetime.datetime, days: int) -> "list[int]":
    """Keys of the notices about what lies ahead that came due lately, the latest first."""
    since = now - datetime.timedelta(days=days)
    until = now + datetime.timedelta(days=1)
    return list(
        Notice.objects.filter(purpose__in=PURPOSES, due_at__gte=since, due_at__lt=until)
        .exclude(outcome=Outcome.DROPPED)
        .order_by("-due_at", "-pk")
        .values_list("pk", flat=True)
    )
