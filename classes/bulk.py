"""One text to a class or to chosen people, by whatever reaches each of them (rules 20, 52, 59).

The text is kept in BulkMessage and filled in again right before it goes out (`text_for`), so that
a lesson that moved meanwhile is named as it stands.
"""

import datetime
import functools
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from classes import (
    call_tasks,
    channels,
    message_facts,
    message_texts,
    notice_endings,
    planned_notices,
)
from classes.channels import Reach
from classes.locking import lock_intakes
from classes.message_facts import WORDS, Told
from classes.models import (
    BulkMessage,
    CallTask,
    ClassSession,
    Enrollment,
    Intake,
    Notice,
)
from learners.models import Learner
from sms import outbox, sending_hours
from sms.models import OutboundMessage
from sms.segments import Size, measure
from staff.models import StaffMember

Channel = Notice.Channel
Outcome = Notice.Outcome
Status = OutboundMessage.Status
# What a text to a class may name, and what one to chosen people may.
OF_A_CLASS = ("city", "course", "date", "time", "venue", "phone")
OF_NO_CLASS = ("city", "phone")
# After so many days nobody needs it any more.
LASTS = datetime.timedelta(days=3)
CALL_WITHIN = datetime.timedelta(days=1)
PRIORITY = 7


@dataclass(frozen=True)
class Draft:
    """A text that is still to be confirmed: Japanese, and for English speakers English."""

    wording: str
    wording_en: str
    class_session: ClassSession | None

    def of(self, language: str) -> str:
        """The wording for this language; without an English one everybody gets the Japanese."""
        return self.wording_en if language == "en" and self.wording_en else self.wording


@dataclass(frozen=True)
class Preview:
    """What a confirmation would send, to how many, by which channel, and at what cost in yen."""

    by_text: int
    by_call: int
    by_letter: int
    # Whoever wants no reminders now (in hospital, say).
    paused: int
    # Several people of one number are one message.
    messages: int
    segments: int
    texts: tuple[tuple[str, str, Size], ...]

    @property
    def people(self) -> int:
        return self.by_text + self.by_call + self.by_letter

    @property
    def cost(self) -> Decimal:
        price: Decimal = settings.SMS_SEGMENT_PRICE
        return self.segments * price


@dataclass(frozen=True)
class Progress:
    """How far a message to many has come; everybody stands in one of these, once."""

    people: int
    waiting: int
    sent: int
    delivered: int
    failed: int
    to_call: int
    called: int
    to_post: int
    posted: int
    stopped: int
    messages: int
    segments: int

    @property
    def is_going(self) -> bool:
        """Whether a message is still waiting or on its way."""
        return bool(self.waiting or self.sent or self.failed)

    @property
    def can_be_stopped(self) -> bool:
        return bool(self.waiting or self.to_call or self.to_post)


def placeholders(class_session: ClassSession | None) -> tuple[str, ...]:
    """What a text may name between braces."""
    return OF_A_CLASS if class_session is not None else OF_NO_CLASS


def seated(class_session: ClassSession) -> list[int]:
    """The people who hold a seat in a class, by receipt number."""
    seats = Enrollment.objects.held().filter(class_session=class_session)
    return list(
        seats.order_by("application__number").values_list("application__learner", flat=True)
    )


def fill(draft: Draft, language: str, *, at: datetime.datetime, people: int = 1) -> str | None:
    """The text as it would be read then; None where it names a lesson and none lies ahead."""
    session = draft.class_session
    told = Told(
        language=language if draft.of(language) == draft.wording_en else "ja",
        at=at,
        people=people,
        class_session=session,
        lesson=message_facts.coming_lesson(session, after=at) if session else None,
    )
    wording = draft.of(language)
    values: dict[str, str] = {}
    for name in message_texts.placeholders(wording):
        if name not in placeholders(session):
            continue
        value = WORDS[name](told) if name in OF_NO_CLASS or told.lesson else None
        if value is None:
            return None
        values[name] = value
    return message_texts.fill(wording, values)


def text_for(notice: Notice, *, at: datetime.datetime, people: int = 1) -> str | None:
    """The text of a notice of this kind as things stand then (rule 53); None: nothing to say.

    Loaded as `message_texts.render` wants its notices, and with `bulk`, it asks nothing more.
    """
    bulk = notice.bulk
    if bulk is None or bulk.stopped_at is not None:
        return None
    draft = Draft(bulk.wording, bulk.wording_en, notice.class_session)
    return fill(draft, notice.learner.language, at=at, people=people)


def texts(bulk: BulkMessage) -> list[tuple[str, str]]:
    """By language what it said when it was confirmed."""
    draft = Draft(bulk.wording, bulk.wording_en, bulk.class_session)
    return [
        (language, fill(draft, language, at=bulk.created_at) or draft.of(language))
        for language in _languages(draft)
    ]


def preview(draft: Draft, learner_pks: Collection[int], *, now: datetime.datetime) -> Preview:
    """Who would get it how, and what it costs; a few queries however many."""
    learners = _to_be_told(learner_pks, now)
    reached = channels.of(learners)
    groups = _of_one_number(learners, reached)
    say = functools.cache(functools.partial(fill, draft, at=now))
    texts = [
        (language, text, measure(text))
        for language in _languages(draft)
        if (text := say(language)) is not None
    ]
    by = [reach.channel for reach in reached.values()]
    return Preview(
        by.count(Channel.SMS),
        by.count(Channel.CALL),
        by.count(Channel.POST),
        len(_living(learner_pks)) - len(learners),
        len(groups),
        sum(
            measure(text).segments
            for group in groups.values()
            if (text := say(group[0].language, people=len(group)))
        ),
        tuple(texts),
    )


def create(
    draft: Draft,
    learner_pks: Collection[int],
    *,
    intake: Intake,
    client_uuid: uuid.UUID,
    by: StaffMember,
    now: datetime.datetime,
) -> BulkMessage:
    """Send it: one notice for each person. The same client UUID changes nothing more (rule 22)."""
    with transaction.atomic():
        bulk, made = BulkMessage.objects.get_or_create(
            client_uuid=client_uuid,
            defaults={
                "intake": intake,
                "class_session": draft.class_session,
                "wording": draft.wording,
                "wording_en": draft.wording_en,
                "created_at": now,
                "created_by": by,
            },
        )
        if made:
            _tell(bulk, draft, learner_pks, now)
    return bulk


def stop(bulk_pk: int, *, by: StaffMember, now: datetime.datetime) -> BulkMessage:
    """What has not gone out goes no more: messages that wait, calls and letters to come."""
    with transaction.atomic():
        # As the sweep does, which makes calls of what did not arrive.
        lock_intakes(BulkMessage.objects.filter(pk=bulk_pk).values_list("intake", flat=True))
        bulk = BulkMessage.objects.select_for_update(of=("self",)).get(pk=bulk_pk)
        if bulk.stopped_at is None:
            bulk.stopped_at, bulk.stopped_by = now, by
            bulk.save(update_fields=["stopped_at", "stopped_by"])
        mine = Notice.objects.filter(bulk=bulk, settled_at__isnull=True)
        queued = mine.filter(channel=Channel.SMS, message__status=Status.QUEUED)
        outbox.cancel(list(queued.values_list("message", flat=True)), now=now)
        over = mine.filter(
            ~Q(channel=Channel.SMS) | Q(message__isnull=True) | Q(message__status=Status.CANCELLED)
        )
        notice_endings.drop(Q(pk__in=list(over.values_list("pk", flat=True))), by=by, now=now)
    return bulk


def progress(bulk: BulkMessage) -> Progress:
    """How far it has come, in two queries."""
    is_open = Q(settled_at__isnull=True)
    by_text = Q(channel=Channel.SMS)
    stopped = Q(outcome=Outcome.DROPPED)

    def in_state(*states: str) -> Q:
        return by_text & ~stopped & Q(message__status__in=states)

    mine = Notice.objects.filter(bulk=bulk)
    counts = mine.aggregate(
        people=Count("pk"),
        waiting=Count("pk", filter=in_state(Status.QUEUED, Status.SENDING, Status.UNKNOWN)),
        sent=Count("pk", filter=in_state(Status.SENT)),
        delivered=Count("pk", filter=in_state(Status.DELIVERED)),
        failed=Count("pk", filter=in_state(*OutboundMessage.CAME_TO_NOTHING, Status.CANCELLED)),
        to_call=Count("pk", filter=Q(channel=Channel.CALL) & is_open),
        called=Count("pk", filter=Q(channel=Channel.CALL) & ~is_open & ~stopped),
        to_post=Count("pk", filter=Q(channel=Channel.POST) & is_open),
        posted=Count("pk", filter=Q(channel=Channel.POST) & ~is_open & ~stopped),
        stopped=Count("pk", filter=stopped),
    )
    gone = OutboundMessage.objects.filter(
        pk__in=mine.filter(message__isnull=False).values("message")
    ).exclude(status=Status.CANCELLED)
    sizes = gone.aggregate(messages=Count("pk"), segments=Sum("segments"))
    return Progress(**counts, messages=sizes["messages"], segments=sizes["segments"] or 0)


def _tell(
    bulk: BulkMessage, draft: Draft, learner_pks: Collection[int], now: datetime.datetime
) -> None:
    learners = _to_be_told(learner_pks, now)
    reached = channels.of(learners)
    until = _until(draft.class_session, now)
    goes_at = sending_hours.load().next_open(now)
    messages: dict[int, OutboundMessage] = {}
    # In words once, however many people read them.
    text_then = functools.cache(functools.partial(fill, draft, at=goes_at))
    text_now = functools.cache(functools.partial(fill, draft, at=now))
    built = []
    for number, group in sorted(_of_one_number(learners, reached).items()):
        text = text_then(group[0].language, people=len(group))
        if text is None or goes_at >= until:
            continue
        message = outbox.build(
            number,
            text,
            dedupe_key=f"notice:{Notice.Purpose.BULK}:bulk:{bulk.pk}:{number}",
            purpose=Notice.Purpose.BULK,
            priority=PRIORITY,
            send_after=goes_at,
            expires_at=until,
            now=now,
        )
        built.append(message)
        messages |= {learner.pk: message for learner in group}
    OutboundMessage.objects.bulk_create(built, batch_size=planned_notices.BATCH)
    rows = [
        _notice(bulk, sentence, learner, reached[pk], messages.get(pk), now)
        for pk, learner in learners.items()
        if pk in reached and (sentence := text_now(learner.language) or draft.of(learner.language))
    ]
    Notice.objects.bulk_create(rows, batch_size=planned_notices.BATCH)
    CallTask.objects.bulk_create(
        [call_tasks.of(notice, now=now) for notice in rows if notice.channel == Channel.CALL],
        batch_size=planned_notices.BATCH,
    )


def _notice(
    bulk: BulkMessage,
    sentence: str,
    learner: Learner,
    reach: Reach,
    message: OutboundMessage | None,
    now: datetime.datetime,
) -> Notice:
    channel = reach.channel
    if reach.by_text and message is None:
        channel = channels.without_text(no_phone_calls=learner.no_phone_calls).channel
    leaves_at = planned_notices.at(timezone.localdate(now), planned_notices.LETTERS_LEAVE)
    return Notice(
        intake_id=bulk.intake_id,
        learner=learner,
        class_session_id=bulk.class_session_id,
        bulk=bulk,
        message=message,
        purpose=Notice.Purpose.BULK,
        occasion=f"bulk:{bulk.pk}",
        channel=channel,
        sentence=sentence,
        created_at=now,
        due_at=max(now, leaves_at) if channel == Channel.POST else now + CALL_WITHIN,
    )


def _living(learner_pks: Collection[int]) -> dict[int, Learner]:
    """The people among these who can be told anything, in one order for everybody (rule 42)."""
    current = Learner.objects.current().filter(deceased_on__isnull=True)
    return current.order_by("pk").in_bulk(list(learner_pks))


def _to_be_told(learner_pks: Collection[int], now: datetime.datetime) -> dict[int, Learner]:
    """Those of them who want to hear of it now."""
    today = timezone.localdate(now)
    return {
        pk: learner
        for pk, learner in _living(learner_pks).items()
        if not (learner.messages_paused_until and learner.messages_paused_until > today)
    }


def _of_one_number(
    learners: Mapping[int, Learner], reached: Mapping[int, Reach]
) -> dict[str, Sequence[Learner]]:
    """By number who gets the message there; several people of one number get one (rule 59)."""
    groups: dict[str, list[Learner]] = defaultdict(list)
    for pk in sorted(learners):
        if pk in reached and reached[pk].by_text:
            groups[reached[pk].number].append(learners[pk])
    return dict(groups)


def _languages(draft: Draft) -> list[str]:
    return ["ja", "en"] if draft.wording_en else ["ja"]


def _until(class_session: ClassSession | None, now: datetime.datetime) -> datetime.datetime:
    """When it is of no use any more: before the lesson that it may name begins."""
    until = now + LASTS
    if class_session is None:
        return until
    coming = message_facts.coming_lesson(class_session, after=now)
    return min(until, coming.starts_at) if coming else until
