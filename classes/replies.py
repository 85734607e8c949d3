"""What came in by SMS: understood and acted on, or laid into the inbox for staff (rules 58 to 61).

An answer is acted on only where it can mean one thing. Offers are never answered by a text alone.
"""

import datetime

from django.db import transaction
from django.utils import timezone

from classes import announced, reply_words, stopping, told_lately
from classes.models import Notice, Reply
from classes.told_lately import Seat
from learners.models import Learner
from sms.models import InboundMessage, NumberSuppression

Meaning = Reply.Meaning
WhyOpen = Reply.WhyOpen
BY_REPLY = NumberSuppression.Source.REPLY
AT_ONCE = 500


def understand(*, now: datetime.datetime) -> int:
    """Take up everything that came in and nobody looked at; returns how many.

    Each in a transaction of its own, once, however many workers run. One that fails holds up no
    other: the rest is done before its error is raised.
    """
    waiting = InboundMessage.objects.filter(handled_at__isnull=True).order_by("received_at", "pk")
    taken = 0
    failed: Exception | None = None
    for pk in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            taken += _take_up(pk, now=now)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return taken


def _take_up(inbound_pk: int, *, now: datetime.datetime) -> bool:
    with transaction.atomic():
        if not _claim(inbound_pk, now=now):
            return False
        inbound = InboundMessage.objects.get(pk=inbound_pk)
        people = told_lately.people_of(inbound.sender)
        reply = Reply(
            inbound=inbound,
            meaning=Meaning.OTHER,
            understood_at=now,
            learner=people[0] if len(people) == 1 else None,
        )
        reply.why_open = _act(reply, inbound, people, now=now)
        reply.closed_at = None if reply.why_open else now
        reply.save()
    return True


def _claim(inbound_pk: int, *, now: datetime.datetime) -> bool:
    """Whoever sets the time has it; another worker waits here, and finds it set."""
    mine = InboundMessage.objects.filter(pk=inbound_pk, handled_at__isnull=True)
    return bool(mine.update(handled_at=now))


def _act(
    reply: Reply, inbound: InboundMessage, people: list[Learner], *, now: datetime.datetime
) -> str:
    """Do what the message asks for; returns why it is to be read, or nothing where it was done."""
    understood = reply_words.understand(inbound.body)
    reply.meaning = understood.meaning
    if understood.meaning == Meaning.STOP:
        stopping.opt_out(inbound.sender, source=BY_REPLY, by=None, now=now)
        return ""
    if understood.meaning == Meaning.WRONG_PERSON:
        stopping.wrong_person(inbound.sender, source=BY_REPLY, by=None, now=now)
        # Nothing leads from this number to a person any more.
        reply.learner = None
        return ""
    if not people:
        return WhyOpen.UNKNOWN_NUMBER
    offers = told_lately.open_offers(inbound.sender, people)
    if offers:
        reply.notice = offers[0]
        return WhyOpen.OFFER
    told = told_lately.latest(inbound.sender, until=inbound.received_at)
    reply.notice = told[0] if told else None
    if any(notice.purpose == Notice.Purpose.NEXT_CLASS for notice in told):
        # They may want the class that was proposed: seats there go quickly.
        return WhyOpen.OFFER
    if understood.meaning == Meaning.OTHER:
        return WhyOpen.NOT_UNDERSTOOD
    return _about_lesson(understood, inbound, told, people)


def _about_lesson(
    understood: reply_words.Understood,
    inbound: InboundMessage,
    told: list[Notice],
    people: list[Learner],
) -> str:
    """Who comes, and who does not, where it is plain which lesson and who is meant."""
    at = inbound.received_at
    if not reply_words.says_cancel(inbound.body):
        # 「キャンセル」 may as well be said of a place in line.
        told = told_lately.expecting(told)
    readers = {notice.learner_id for notice in told}
    if not readers or readers - {person.pk for person in people}:
        # Nothing, or the number was another's when they were told.
        return WhyOpen.NOTHING_TOLD
    others = [person for person in people if person.pk not in readers]
    if told_lately.coming_lessons(others, at=at):
        return WhyOpen.SEVERAL_PEOPLE
    seats = told_lately.seats_spoken_of(told, at=at)
    if not seats:
        return WhyOpen.NOTHING_TOLD
    absent = understood.meaning == Meaning.WILL_NOT_COME
    if len(readers) > 1 and (absent or len({seat.lesson.pk for seat in seats}) > 1):
        # One of the two, or both? In one class, that both come is plain (rule 59).
        return WhyOpen.SEVERAL_PEOPLE
    if len({seat.lesson.pk for seat in seats}) > 1 or not _on_named_day(understood, seats[0], at):
        return WhyOpen.NOTHING_TOLD
    try:
        with transaction.atomic():
            for seat in _one_notice_each(seats):
                if absent:
                    announced.absent(seat, at=at)
                else:
                    announced.will_come(seat, at=at)
    except announced.TappedOtherwise:
        return WhyOpen.NOTHING_TOLD
    return ""


def _on_named_day(understood: reply_words.Understood, seat: Seat, at: datetime.datetime) -> bool:
    """「明日は休みます」 speaks of tomorrow's lesson, and of no other."""
    if understood.days_ahead is None:
        return True
    named = timezone.localtime(at).date() + datetime.timedelta(days=understood.days_ahead)
    return seat.lesson.day == named


def _one_notice_each(seats: list[Seat]) -> list[Seat]:
    """The latest notice of each reader: an answer stands once."""
    latest: dict[int, Seat] = {}
    for seat in seats:
        latest.setdefault(seat.enrollment.pk, seat)
    return list(latest.values())
