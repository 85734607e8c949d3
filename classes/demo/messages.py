"""What went to phones and came back: reminders of the last days, and what some answered.

Everything goes through the worker's steps to the simulator; beside an account no demo is built.
"""

import datetime
import itertools
import uuid
from collections.abc import Iterator, Sequence

from django.utils import timezone

from classes import told_lately, work
from classes.demo.calendar import DAY, Calendar, clock
from classes.models import Enrollment, Notice
from learners.models import PhoneNumber
from sms import inbound
from sms.models import InboundMessage, OutboundMessage, SimulatedPhone
from sms.transports import Received

MINUTE = datetime.timedelta(minutes=1)
# So many mornings before the round that is open now the worker reminds people.
MORNINGS = 4
# One confirms, one stays away: they answer what they were told last, of one lesson.
ABOUT_A_LESSON = ("1", "2")
# One wants no more of it, and one wrote what somebody has to read.
OTHERS = ("停止", "ありがとうございます。妹も一緒に行ってもよいでしょうか")


def remind(dates: Calendar) -> None:
    """The mornings until this round opened: who has a lesson soon is told; one phone is off."""
    opened = _morning(dates.current.opens_at)
    first = opened - MORNINGS * DAY
    _switch_one_off(first, opened)
    _every_morning(first, until=opened + MINUTE)


def remind_since(dates: Calendar, *, until: datetime.datetime) -> None:
    """The mornings since; after a long weekend there are several."""
    _every_morning(_morning(dates.current.opens_at) + DAY, until=until)


def answer(*, now: datetime.datetime) -> None:
    """Some of those who were told of a lesson last write back, the last one just now.

    Reminders first; around the New Year there are none, so they answer what they were told before.
    """
    told = OutboundMessage.objects.filter(
        status=OutboundMessage.Status.DELIVERED,
        delivered_at__lt=now - 3 * MINUTE,
        delivered_at__gt=now - told_lately.LATELY,
        notices__isnull=False,
    ).order_by("-delivered_at", "pk")
    reminded = told.filter(
        notices__purpose=Notice.Purpose.REMINDER, notices__lesson__starts_at__gt=now
    )
    latest = [*reminded.values_list("to", flat=True), *told.values_list("to", flat=True)]
    numbers = [number for number in dict.fromkeys(latest) if _is_of_one(number)]
    plain = _some(ABOUT_A_LESSON, (n for n in numbers if _speaks_of_one_lesson(n, now)))
    answers = dict(zip(plain, ABOUT_A_LESSON, strict=False))
    others = [number for number in numbers if number not in answers]
    answers |= dict(zip(others, OTHERS, strict=False))
    inbound.keep(
        [
            Received(
                sid=f"SIM{uuid.uuid5(uuid.NAMESPACE_OID, number + body).hex}",
                sender=number,
                to="simulator",
                body=body,
                received_at=now - 2 * (len(answers) - place) * MINUTE,
            )
            for place, (number, body) in enumerate(answers.items())
        ],
        source=InboundMessage.Source.SIMULATOR,
    )


def _morning(moment: datetime.datetime) -> datetime.datetime:
    return clock(timezone.localdate(moment), 9, 5)


def _every_morning(first: datetime.datetime, *, until: datetime.datetime) -> None:
    while first < until:
        work.do_round(now=first)
        first += DAY


def _some(wanted: Sequence[str], numbers: Iterator[str]) -> list[str]:
    """As many as are wanted; those that follow are not even looked at."""
    return list(itertools.islice(numbers, len(wanted)))


def _switch_one_off(begins: datetime.datetime, ends: datetime.datetime) -> None:
    """Somebody whose lesson is so near that they are reminded is not reached: they are called."""
    seats = Enrollment.objects.held().filter(
        class_session__lessons__starts_at__range=(begins + DAY, ends),
        application__learner__no_phone_calls=False,
        application__learner__phone_numbers__sms_consent=PhoneNumber.Consent.GIVEN,
    )
    numbers = seats.order_by("pk").values_list(
        "application__learner__phone_numbers__e164", flat=True
    )
    for number in numbers[:1]:
        SimulatedPhone.objects.create(e164=number, behaviour=SimulatedPhone.Behaviour.SWITCHED_OFF)


def _speaks_of_one_lesson(number: str, now: datetime.datetime) -> bool:
    told = told_lately.latest(number, until=now)
    spoken_of = told_lately.seats_spoken_of(told, at=now) or []
    return len({seat.lesson.pk for seat in spoken_of}) == 1


def _is_of_one(number: str) -> bool:
    return PhoneNumber.objects.filter(e164=number).count() == 1
