"""What was last told to a number, and of which lesson an answer from it can speak (rule 59)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from classes.models import Enrollment, Lesson, MessageTemplate, Notice, Offer
from learners.models import Learner, PhoneNumber
from sms.models import OutboundMessage

Purpose = Notice.Purpose
Kind = MessageTemplate.Kind
Status = OutboundMessage.Status
# Whoever answers later answers something that staff must look for.
LATELY = datetime.timedelta(days=30)
# Texts that came within a day of each other: an answer may be to any of them.
TOGETHER = datetime.timedelta(days=1)
WENT_OUT = (Status.SENDING, Status.SENT, Status.DELIVERED, Status.UNKNOWN)
# About one date, with its revision in the occasion.
OF_ONE_DATE = (Purpose.REMINDER, Purpose.CHANGED, Purpose.CANCELLED, Purpose.RESUMED)
# They tell of a seat, or of the next date of a class; an answer is about that date.
OF_NEXT_DATE = (
    Purpose.REGISTERED,
    Purpose.RESULT,
    Purpose.SEATED,
    Purpose.MOVED,
    Purpose.FOLLOW_UP,
    Purpose.ABSENT,
)
# A place in line, a receipt, thanks: nobody is expected anywhere.
EXPECTS_NOBODY = (
    Kind.REGISTERED_LINE,
    Kind.REGISTERED_LOTTERY,
    Kind.DRAW_LINE,
    Kind.FOLLOW_UP_LAST,
)


@dataclass(frozen=True)
class Seat:
    """A coming lesson that a text spoke of, the seat its reader holds there, and the notice."""

    notice: Notice
    enrollment: Enrollment
    lesson: Lesson


def people_of(e164: str) -> list[Learner]:
    """Who has this number on record."""
    return list(
        Learner.objects.current()
        .filter(phone_numbers__e164=e164, phone_numbers__line=PhoneNumber.Line.VOICE)
        .order_by("pk")
        .distinct()
    )


def sent_to(e164: str, *, until: datetime.datetime) -> QuerySet[OutboundMessage]:
    """What went out to a number in the time before, the latest first, each with `at`."""
    return (
        OutboundMessage.objects.filter(to=e164, status__in=WENT_OUT)
        .annotate(at=Coalesce("sent_at", "created_at"))
        .filter(at__lte=until, at__gt=until - LATELY)
        .order_by("-at", "-pk")
    )


def latest(e164: str, *, until: datetime.datetime) -> list[Notice]:
    """The notices of the last message to a number, and of those that came with it."""
    messages = sent_to(e164, until=until)
    last = messages.first()
    if last is None:
        return []
    since = (last.sent_at or last.created_at) - TOGETHER
    together = [m.pk for m in messages if (m.sent_at or m.created_at) > since]
    found = list(
        Notice.objects.filter(message__in=together)
        .select_related("learner", "lesson__class_session", "class_session", "intake", "message")
        .order_by("-message__created_at", "-pk")
    )
    # A message without a notice was written by staff: the answer is to that.
    return found if any(notice.message_id == last.pk for notice in found) else []


def expecting(notices: Sequence[Notice]) -> list[Notice]:
    """Without those that expect nobody, and those of a date that a later text replaced, where the
    last text does expect its reader: whether they come can only be an answer to that. All of them
    where it does not."""
    left = [
        notice
        for notice in notices
        if notice.text not in EXPECTS_NOBODY and not _is_replaced(notice, notices)
    ]
    last = max((_sent_at(notice) for notice in notices), default=None)
    return left if any(_sent_at(notice) == last for notice in left) else list(notices)


def seats_spoken_of(notices: Sequence[Notice], *, at: datetime.datetime) -> list[Seat] | None:
    """The coming lesson of each notice with the seat held there; None where one names no date
    that still stands, or its reader holds no seat."""
    seats = []
    for notice in notices:
        lesson = _lesson_of(notice, at)
        if lesson is None:
            return None
        enrollment = (
            Enrollment.objects.held()
            .filter(class_session=lesson.class_session_id, application__learner=notice.learner_id)
            .first()
        )
        if enrollment is None:
            return None
        seats.append(Seat(notice, enrollment, lesson))
    return seats


def open_offers(e164: str, people: Sequence[Learner]) -> list[Notice]:
    """Open offers that somebody of this number was told of, or is being told of by a text."""
    told = Q(offer__told_at__isnull=False) | Q(message__to=e164, message__status__in=WENT_OUT)
    return list(
        Notice.objects.filter(
            told,
            purpose=Purpose.OFFER,
            offer__status=Offer.Status.OPEN,
            offer__announced_at__isnull=False,
            offer__party__applications__learner__in=people,
        )
        .select_related("offer__class_session__course", "offer__class_session__venue")
        .order_by("-created_at", "-pk")
        .distinct()
    )


def coming_lessons(people: Sequence[Learner], *, at: datetime.datetime) -> list[Lesson]:
    """The next lesson of every class in which these people hold a seat."""
    sessions = (
        Enrollment.objects.held()
        .filter(application__learner__in=people)
        .values_list("class_session", flat=True)
    )
    coming = (
        Lesson.objects.filter(
            class_session__in=sessions, starts_at__gt=at, cancelled_at__isnull=True
        )
        .select_related("class_session__course", "class_session__intake", "venue")
        .order_by("starts_at", "pk")
    )
    next_of: dict[int, Lesson] = {}
    for lesson in coming:
        next_of.setdefault(lesson.class_session_id, lesson)
    return list(next_of.values())


def is_of_present_date(notice: Notice) -> bool:
    """Whether the date that a notice names is still that of its lesson."""
    if notice.lesson is None or notice.purpose not in OF_ONE_DATE:
        return True
    parts = notice.occasion.split(":")
    return len(parts) > 2 and parts[2] == str(notice.lesson.revision)


def _is_replaced(notice: Notice, notices: Sequence[Notice]) -> bool:
    """Cancelled, and takes place after all; or the old date, and the new one."""
    return not is_of_present_date(notice) and any(
        other.lesson_id == notice.lesson_id
        and other.learner_id == notice.learner_id
        and is_of_present_date(other)
        and _sent_at(other) > _sent_at(notice)
        for other in notices
    )


def _sent_at(notice: Notice) -> datetime.datetime:
    message = notice.message
    return (message.sent_at or message.created_at) if message else notice.created_at


def _lesson_of(notice: Notice, at: datetime.datetime) -> Lesson | None:
    if notice.purpose in OF_NEXT_DATE:
        return _next_lesson(notice, at)
    lesson = notice.lesson
    stands = (
        lesson is not None
        and notice.purpose in OF_ONE_DATE
        and lesson.cancelled_at is None
        and lesson.starts_at > at
        and is_of_present_date(notice)
    )
    return lesson if stands else None


def _next_lesson(notice: Notice, at: datetime.datetime) -> Lesson | None:
    class_session_pk = notice.class_session_id or (
        notice.lesson.class_session_id if notice.lesson else None
    )
    return (
        Lesson.objects.filter(
            class_session=class_session_pk, starts_at__gt=at, cancelled_at__isnull=True
        )
        .select_related("class_session")
        .order_by("starts_at", "pk")
        .first()
    )
