"""受信箱: what came in by SMS, what it was taken to mean, and the conversation it belongs to.

A conversation is that of a number. Where several people use the number, it shows their classes
and no name (rule 59); of a number that proved another person's, it shows neither (rule 58).
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When

from classes import call_tasks, channels, sentences, told_lately
from classes.locking import lock_intake
from classes.models import CallTask, Intake, Lesson, Notice, Offer, Reply
from classes.sending import BY_HAND
from learners.models import Learner, PhoneNumber
from sms import outbox, phone_numbers, suppression
from sms.models import InboundMessage, NumberSuppression, OutboundMessage
from staff.models import StaffMember

SHOWN_CLOSED = 50
SHOWN_AFTER = datetime.timedelta(days=14)
SHOWN_MESSAGES = 60
WORTH_SENDING = datetime.timedelta(hours=36)
CALL_WITHIN = datetime.timedelta(hours=2)


class Stopped(Exception):
    """Nothing may be sent to this number."""


class NobodyToCall(Exception):
    """It is not plain whose message this is, or they never applied for anything."""


@dataclass(frozen=True)
class Line:
    """One line of the inbox."""

    reply: Reply
    classes: tuple[str, ...]
    # Whose it surely is, unless the number proved another person's (rule 58).
    person: Learner | None

    @property
    def is_urgent(self) -> bool:
        """May be an answer to an offer, whose time runs."""
        return self.reply.why_open == Reply.WhyOpen.OFFER and self.reply.closed_at is None

    @property
    def number(self) -> str:
        return phone_numbers.display(self.reply.inbound.sender)


@dataclass(frozen=True)
class Listing:
    """The inbox at one moment; the digest changes with whatever its page shows."""

    waiting: Sequence[Line]
    done: Sequence[Line]
    digest: str


@dataclass(frozen=True)
class Said:
    """One message of a conversation."""

    at: datetime.datetime
    body: str
    outbound: OutboundMessage | None = None
    reply: Reply | None = None
    is_this_one: bool = False


@dataclass(frozen=True)
class Conversation:
    """Everything said with one number, whose it surely is, and what can be done."""

    reply: Reply
    number: str
    said: Sequence[Said]
    lessons: Sequence[Lesson]
    offers: Sequence[Notice]
    people: Sequence[Learner]
    is_wrong_number: bool
    # Why nothing may be sent there; empty: it may.
    stopped: str
    call: CallTask | None

    @property
    def person(self) -> Learner | None:
        """The one person it surely is."""
        return self.people[0] if len(self.people) == 1 and not self.is_wrong_number else None


def count_open() -> int:
    """How many wait to be read."""
    return Reply.objects.open().count()


def listing(*, now: datetime.datetime) -> Listing:
    """What waits, urgent first, then the longest waiting; and what was closed lately."""
    urgent_first = Case(
        When(why_open=Reply.WhyOpen.OFFER, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    waiting = list(_shown(Reply.objects.open()).order_by(urgent_first, "inbound__received_at"))
    closed = Reply.objects.filter(closed_at__gte=now - SHOWN_AFTER)
    done = list(_shown(closed).order_by("-closed_at", "-pk")[:SHOWN_CLOSED])
    numbers = {reply.inbound.sender for reply in [*waiting, *done]}
    wrong = suppression.of_others(numbers)
    classes = _classes_of(numbers - wrong)
    lines = [
        Line(
            reply,
            classes.get(reply.inbound.sender, ()),
            None if reply.inbound.sender in wrong else reply.learner,
        )
        for reply in [*waiting, *done]
    ]
    waiting_lines, done_lines = lines[: len(waiting)], lines[len(waiting) :]
    seen = ",".join(
        f"{line.reply.pk}:{line.reply.closed_at}:{line.classes}:{line.person and line.person.pk}"
        for line in lines
    )
    digest = sha256(seen.encode()).hexdigest()[:16]
    return Listing(waiting_lines, done_lines, digest)


def conversation(reply: Reply, *, now: datetime.datetime) -> Conversation:
    """What was said with the number of this message, and whom and what it may be about."""
    e164 = reply.inbound.sender
    stopped = suppression.of([e164]).get(e164)
    wrong = bool(suppression.of_others([e164]))
    people = [] if wrong else told_lately.people_of(e164)
    why = stopped.label if stopped else ""
    if not stopped and not phone_numbers.is_sms_capable(e164):
        why = NumberSuppression.Reason.NOT_CAPABLE.label
    return Conversation(
        reply=reply,
        number=phone_numbers.display(e164),
        said=_said_with(e164, reply),
        lessons=told_lately.coming_lessons(people, at=now),
        offers=told_lately.open_offers(e164, people),
        people=people,
        is_wrong_number=wrong,
        stopped=str(why),
        call=CallTask.objects.open().filter(notice__occasion=_occasion(reply)).first(),
    )


def close(reply_pk: int, *, note: str, by: StaffMember, now: datetime.datetime) -> bool:
    """Somebody read it and nothing more is to be done; False where it was closed already."""
    still_open = Reply.objects.open().filter(pk=reply_pk)
    # A letter that PostgreSQL does not hold.
    said = note.replace("\x00", "")[:200]
    return bool(still_open.update(closed_at=now, closed_by=by, note=said))


def reopen(reply_pk: int) -> bool:
    """Closed too soon: back into the inbox. What was acted on by itself stays closed."""
    closed = Reply.objects.filter(pk=reply_pk, closed_by__isnull=False)
    return bool(closed.update(closed_at=None, closed_by=None))


def write_back(
    reply_pk: int, body: str, *, client_uuid: uuid.UUID, by: StaffMember, now: datetime.datetime
) -> OutboundMessage:
    """Answer by SMS; the same press sends one message (rule 22). The message it answers is closed.

    Raises Stopped, outbox.TooLong.
    """
    reply = Reply.objects.select_related("inbound").get(pk=reply_pk)
    e164 = reply.inbound.sender
    with transaction.atomic():
        stopped = suppression.of([e164]) or channels.of_the_dead([e164])
        if stopped or not phone_numbers.is_sms_capable(e164):
            raise Stopped
        message = outbox.enqueue(
            e164,
            body,
            dedupe_key=f"{BY_HAND}:{client_uuid}",
            purpose=BY_HAND,
            expires_at=now + WORTH_SENDING,
            now=now,
            priority=2,
        )
        close(reply_pk, note="", by=by, now=now)
    return message


def call_back(reply_pk: int, *, by: StaffMember, now: datetime.datetime) -> Notice:
    """Put them on the call list about what they wrote; by letter where no calls are wanted.

    Pressed twice it is one call (rule 52). The message is closed. Raises NobodyToCall.
    """
    reply = Reply.objects.select_related("inbound", "learner", "notice").get(pk=reply_pk)
    learner = reply.learner
    if learner is None or learner.deceased_on is not None:
        raise NobodyToCall
    with transaction.atomic():
        intake = lock_intake(_intake_of(reply, learner))
        application = learner.applications.filter(intake=intake).order_by("-pk").first()
        by_post = learner.no_phone_calls
        notice, made = Notice.objects.get_or_create(
            learner=learner,
            purpose=Notice.Purpose.REPLY,
            occasion=_occasion(reply),
            defaults={
                "intake": intake,
                "application": application,
                "channel": Notice.Channel.POST if by_post else Notice.Channel.CALL,
                "sentence": sentences.simple("written_back", learner),
                "created_at": now,
                "due_at": now + CALL_WITHIN,
            },
        )
        if made and not by_post:
            call_tasks.of(notice, now=now).save()
        close(reply_pk, note="", by=by, now=now)
    return notice


def close_for_offer(offer: Offer, *, by: StaffMember, now: datetime.datetime) -> None:
    """The offer is answered: what waited in the inbox about it is done."""
    Reply.objects.open().filter(notice__offer=offer).update(closed_at=now, closed_by=by)


def _occasion(reply: Reply) -> str:
    return f"reply:{reply.pk}"


def _intake_of(reply: Reply, learner: Learner) -> int:
    if reply.notice is not None and reply.notice.learner_id == learner.pk:
        return reply.notice.intake_id
    applied = learner.applications.order_by("-registered_at", "-pk")
    intake_pk = applied.values_list("intake", flat=True).first()
    if intake_pk is None:
        intake_pk = Intake.objects.order_by("-opens_at", "-pk").values_list("pk", flat=True).first()
    if intake_pk is None:
        raise NobodyToCall
    return intake_pk


def _shown(replies: QuerySet[Reply]) -> QuerySet[Reply]:
    return replies.select_related(
        "inbound", "learner", "closed_by", "notice__offer__class_session__course"
    )


def _classes_of(numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Number → the codes of the classes in which its people hold seats; one query."""
    rows = (
        PhoneNumber.objects.filter(
            e164__in=set(numbers),
            line=PhoneNumber.Line.VOICE,
            learner__merged_into__isnull=True,
            learner__applications__enrollments__ended_at__isnull=True,
            learner__applications__enrollments__class_session__isnull=False,
        )
        .values_list("e164", "learner__applications__enrollments__class_session__code")
        .distinct()
        .order_by("e164", "learner__applications__enrollments__class_session__code")
    )
    found: dict[str, list[str]] = defaultdict(list)
    for e164, code in rows:
        found[e164].append(code)
    return {e164: tuple(codes) for e164, codes in found.items()}


def _said_with(e164: str, reply: Reply) -> list[Said]:
    """The latest messages both ways, the oldest first."""
    came_in = InboundMessage.objects.filter(sender=e164).select_related("reply__closed_by")
    went_out = OutboundMessage.objects.filter(to=e164)
    said = [
        Said(
            inbound.received_at,
            inbound.body,
            reply=getattr(inbound, "reply", None),
            is_this_one=inbound.pk == reply.inbound_id,
        )
        for inbound in came_in.order_by("-received_at", "-pk")[:SHOWN_MESSAGES]
    ]
    said += [
        Said(message.sent_at or message.created_at, message.body, outbound=message)
        for message in went_out.order_by("-created_at", "-pk")[:SHOWN_MESSAGES]
    ]
    return sorted(said, key=lambda one: one.at)[-SHOWN_MESSAGES:]
