"""What the demo promises to show, on whatever day it is built."""

import datetime
from collections import Counter

from classes import desk, timetable, waitlist
from classes.models import (
    CallTask,
    ClassSession,
    Intake,
    Notice,
    Offer,
    PlaceEvent,
    Reply,
    WaitlistEntry,
)
from sms.models import OutboundMessage, SimulatedPhone


def current(now: datetime.datetime) -> Intake:
    """The first-come round that is under way."""
    return Intake.objects.open_at(now).get(method="first_come")


def some_classes_have_seats_and_others_a_line(now: datetime.datetime) -> None:  # rule 28
    rows = desk.class_rows(current(now), now=now)
    assert "P2" in [row.class_session.code for row in rows if row.bookable > 1]
    assert {"N1", "N2", "A1"} <= {r.class_session.code for r in rows if r.waiting.parties > 3}


def offers_stand_in_every_state(now: datetime.datetime) -> None:
    offers = Offer.objects.open().filter(class_session__intake=current(now))
    assert offers.filter(announced_at=None, announce_after__gt=now).exists()  # rule 30
    assert offers.filter(announced_at__isnull=False, told_at=None).exists()
    assert offers.filter(expires_at__gt=now).exists()
    closed = set(Offer.objects.exclude(status="open").values_list("status", flat=True))
    assert {"accepted", "declined", "withdrawn"} <= closed


def whoever_was_passed_over_is_told_why(now: datetime.datetime) -> None:  # rule 27
    couple = WaitlistEntry.objects.waiting().filter(
        class_session=current(now).class_sessions.get(code="A2")
    )
    assert [entry.size for entry in waitlist.with_sizes(couple)] == [2]
    passed = PlaceEvent.objects.filter(kind="passed_over", intake=current(now))
    assert passed.exclude(reason="").exists()
    assert passed.filter(details__together=2, details__free=1).exists()


def calls_and_letters_are_left_to_do() -> None:
    assert CallTask.objects.open().filter(claimed_by__isnull=False).exists()
    assert CallTask.objects.open().filter(attempts__isnull=False).exists()
    letters = Notice.objects.to_post()
    assert {n.learner.no_phone_calls for n in letters} == {True}  # rule 20
    assert letters.filter(purpose="offer").exists()


def people_were_told_by_sms_and_some_wrote_back(now: datetime.datetime) -> None:
    outcomes = Counter(Notice.objects.filter(channel="sms").values_list("outcome", flat=True))
    assert outcomes["delivered"] > 100
    meanings = set(Reply.objects.filter(closed_at__isnull=False).values_list("meaning", flat=True))
    assert {"will_come", "will_not_come", "stop"} <= meanings
    assert Reply.objects.open().get().meaning == "other"
    # A phone that is off: its owner is called, on the day or in vain.
    off = SimulatedPhone.objects.get(behaviour="off").e164
    assert OutboundMessage.objects.filter(to=off, error_code="30003").exists()
    assert not OutboundMessage.objects.underway().filter(send_after__lt=now).exists()


def nobody_is_booked_twice(*, is_closed_today: bool) -> None:
    """The round to come still lacks people, and says so (rule 40); so does today's holiday."""
    found = Counter(
        conflict.kind
        for session in ClassSession.objects.select_related("intake", "venue")
        for conflict in timetable.conflicts_of(session)
    )
    wanted = {"few_helpers": 1, "no_instructor": 1} | ({"closed": 1} if is_closed_today else {})
    assert found == wanted
