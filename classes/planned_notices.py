"""What time alone makes due, written in bulk: notices with their messages, calls and letters.

Two workers that plan at once write each row once: the unique keys of the tables decide (rule 52).
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from classes import call_tasks, channels, message_texts, planned_sentences
from classes.channels import Reach
from classes.models import CallTask, Lesson, MessageTemplate, Notice
from sms import outbox, sending_hours
from sms.models import OutboundMessage

Channel = Notice.Channel
Purpose = Notice.Purpose

# So many people are written in one transaction, so that the desk never waits long for its turn.
CHUNK = 1_000
# Rows of one statement, however large the chunk.
BATCH = 500
# From then on a day's messages go out: after breakfast, while there is time to call back.
MORNING = datetime.time(10)
# Letters are to leave by then.
LETTERS_LEAVE = datetime.time(17)
DAY = datetime.timedelta(days=1)
# Behind what somebody is waiting for (an offer, a cancellation).
PRIORITY = 7
BY_VOICE_OR_TEXT = frozenset({Channel.SMS, Channel.CALL})
BY_LETTER = frozenset({Channel.POST})
ANY = BY_VOICE_OR_TEXT | BY_LETTER


class Due(NamedTuple):
    """One occasion to tell one learner, before it is known by which channel.

    A tuple, because a day has thousands.
    """

    learner_pk: int
    language: str
    intake_pk: int
    application_pk: int | None
    # The lesson that the text speaks of, with its class.
    lesson: Lesson
    purpose: Notice.Purpose
    kind: MessageTemplate.Kind
    occasion: str
    # When it is to be told: no SMS goes out before.
    due_at: datetime.datetime
    # From then on it is of no use.
    until: datetime.datetime
    # When a letter must leave.
    leaves_at: datetime.datetime
    facts: Mapping[str, int] = MappingProxyType({})
    # Whoever is told on another channel is not told now.
    by: frozenset[Notice.Channel] = ANY


class Words:
    """Each text and sentence put into words once, however many people it goes to."""

    def __init__(self) -> None:
        self._wordings = message_texts.Wordings.load()
        self._known: dict[Hashable, str | None] = {}

    def sentence(self, due: Due) -> str:
        """What is read aloud, or written into the letter."""
        hint = due.facts.get("hint")
        said = self._once(
            (due.kind, due.lesson.pk, due.language, hint),
            lambda: planned_sentences.say(
                due.kind,
                due.lesson,
                due.language,
                hint=self._wordings.hint(hint, due.language) if hint else "",
            ),
        )
        return said or ""

    def text(self, due: Due, people: int, at: datetime.datetime) -> str | None:
        """What the SMS says if it goes out then; None: there is nothing to say any more."""
        hint = due.facts.get("hint")
        return self._once(
            (due.kind, due.lesson.pk, due.language, hint, people, timezone.localdate(at)),
            lambda: message_texts.render_lesson(
                due.kind,
                due.lesson,
                language=due.language,
                people=people,
                lead=None,
                at=at,
                wordings=self._wordings,
                hint=hint,
            ),
        )

    def _once(self, key: Hashable, say: Callable[[], str | None]) -> str | None:
        if key not in self._known:
            self._known[key] = say()
        return self._known[key]


def write(
    dues: Iterable[Due], *, words: Words, hours: sending_hours.Hours, now: datetime.datetime
) -> int:
    """Write what is due, in transactions of many rows; returns how many notices were made."""
    waiting = iter(dues)
    made = 0
    while chunk := list(islice(waiting, CHUNK)):
        # One order for every worker, so that none waits for another in a circle.
        chunk.sort(key=lambda due: (due.learner_pk, due.purpose, due.occasion))
        reached = channels.of({due.learner_pk for due in chunk})
        with transaction.atomic():
            made += _write_chunk(chunk, reached, words, hours, now)
    return made


def _write_chunk(
    chunk: Sequence[Due],
    reached: dict[int, Reach],
    words: Words,
    hours: sending_hours.Hours,
    now: datetime.datetime,
) -> int:
    told = [
        (due, reach)
        for due in _not_written(chunk)
        if (reach := reached.get(due.learner_pk)) and reach.channel in due.by
    ]
    if not told:
        return 0
    messages = _messages(told, words, hours, now)
    rows = [
        Notice(
            intake_id=due.intake_pk,
            learner_id=due.learner_pk,
            application_id=due.application_pk,
            class_session_id=due.lesson.class_session_id,
            lesson_id=due.lesson.pk,
            purpose=due.purpose,
            occasion=due.occasion,
            channel=reach.channel,
            message_id=messages.get(id(due)),
            text=due.kind,
            facts=dict(due.facts),
            sentence=words.sentence(due),
            created_at=now,
            due_at=max(now, due.leaves_at if reach.channel == Channel.POST else due.due_at),
        )
        for due, reach in told
        if not reach.by_text or id(due) in messages
    ]
    Notice.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    _call([due for due, reach in told if reach.channel == Channel.CALL], now)
    return len(rows)


def _not_written(chunk: Sequence[Due]) -> list[Due]:
    """Those without their notice: another worker may have planned since they were read."""
    there = set(
        Notice.objects.filter(
            learner__in={due.learner_pk for due in chunk},
            purpose__in={due.purpose for due in chunk},
        ).values_list("learner_id", "purpose", "occasion")
    )
    wanted = {(due.learner_pk, due.purpose, due.occasion): due for due in chunk}
    return [due for key, due in wanted.items() if key not in there]


def _messages(
    told: Sequence[tuple[Due, Reach]],
    words: Words,
    hours: sending_hours.Hours,
    now: datetime.datetime,
) -> dict[int, int]:
    """Queue the messages; those of one number about one occasion are one (rule 59).

    By the `id` of what is due.
    """
    groups: dict[str, list[tuple[Due, Reach]]] = defaultdict(list)
    for due, reach in told:
        if reach.by_text:
            groups[f"notice:{due.purpose}:{due.occasion}:{reach.number}"].append((due, reach))
    if not groups:
        return {}
    gone = OutboundMessage.objects.filter(dedupe_key__in=list(groups)).exclude(
        status=OutboundMessage.Status.QUEUED
    )
    for key in gone.values_list("dedupe_key", flat=True):
        # It went to the others on this number before: whoever is due since gets one of their own.
        for due, reach in groups.pop(key):
            groups[f"{key}:{due.learner_pk}"] = [(due, reach)]
    built = []
    for key, group in sorted(groups.items()):
        first, reach = group[0]
        goes_at = hours.next_open(max(now, first.due_at))
        body = words.text(first, len(group), goes_at)
        if body is not None and goes_at < first.until:
            built.append(
                outbox.build(
                    reach.number,
                    body,
                    dedupe_key=key,
                    purpose=first.purpose,
                    priority=PRIORITY,
                    send_after=goes_at,
                    expires_at=first.until,
                    now=now,
                )
            )
    OutboundMessage.objects.bulk_create(built, batch_size=BATCH, ignore_conflicts=True)
    found = dict(
        OutboundMessage.objects.filter(dedupe_key__in=list(groups)).values_list("dedupe_key", "pk")
    )
    return {
        id(due): found[key] for key, group in groups.items() if key in found for due, _ in group
    }


def _call(dues: Sequence[Due], now: datetime.datetime) -> None:
    """Put these on the call list (rule 60)."""
    if not dues:
        return
    wanted = {(due.learner_pk, due.purpose, due.occasion) for due in dues}
    rows = Notice.objects.filter(
        learner__in={due.learner_pk for due in dues},
        purpose__in={due.purpose for due in dues},
        channel=Channel.CALL,
        settled_at__isnull=True,
        call_task__isnull=True,
    ).order_by("pk")
    tasks = [
        call_tasks.of(notice, now=now)
        for notice in rows
        if (notice.learner_id, notice.purpose, notice.occasion) in wanted
    ]
    CallTask.objects.bulk_create(tasks, batch_size=BATCH, ignore_conflicts=True)


def may_be_reminded(learner: str, *, today: datetime.date) -> Q:
    """Who may be told what merely reminds: alive, one record, not paused (rule 42)."""
    on = f"{learner}__" if learner else ""
    paused = Q(**{f"{on}messages_paused_until__gt": today})
    return (
        Q(
            **{
                f"{on}deceased_on__isnull": True,
                f"{on}merged_into__isnull": True,
                f"{on}anonymised_at__isnull": True,
            }
        )
        & ~paused
    )


def occasion_of(*parts: str) -> Concat:
    """`lesson:<pk>` and what follows, as the database writes it; parts are fields or ":word"."""
    said = [Value(part) if part.startswith(":") else Cast(F(part), CharField()) for part in parts]
    return Concat(Value("lesson:"), *said, output_field=CharField())


def at(day: datetime.date, clock: datetime.time) -> datetime.datetime:
    """A time of a day in the city."""
    return datetime.datetime.combine(day, clock, timezone.get_default_timezone())


def open_day(day: datetime.date, hours: sending_hours.Hours) -> datetime.date:
    """This day, or the last one before it on which messages go out."""
    for _ in range(sending_hours.LONGEST_WAIT):
        if not hours.is_off(day):
            return day
        day -= DAY
    return day


def letter_time() -> datetime.timedelta:
    """How much earlier than a call a letter must leave: its days in the post and one (rule 20)."""
    return datetime.timedelta(days=settings.POSTED_DAYS + 1)


def chunks(pks: Sequence[int], size: int = 5_000) -> Iterator[Sequence[int]]:
    """Keys in portions that a statement can name."""
    for begin in range(0, len(pks), size):
        yield pks[begin : begin + size]


def load_lessons(pks: Iterable[int]) -> dict[int, Lesson]:
    """Lessons with what the texts about them name."""
    found: dict[int, Lesson] = {}
    for some in chunks(sorted(pks)):
        rows = Lesson.objects.select_related(
            "venue",
            "class_session__venue",
            "class_session__intake",
            "class_session__course__level__current",
        ).prefetch_related("class_session__lessons__venue")
        found |= {lesson.pk: lesson for lesson in rows.filter(pk__in=some)}
    return found
