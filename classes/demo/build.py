"""Building the demo: the same city all day long, from nine months ago until this minute."""

import datetime
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from classes import work
from classes.demo import (
    accounts,
    calendar,
    classroom,
    clearing,
    current_round,
    drawn_rounds,
    lottery_round,
    messages,
    past_rounds,
    state,
)
from classes.demo.calendar import DAY, Calendar
from classes.demo.catalogue import (
    COMING,
    CURRENT,
    DRAWN,
    LOTTERY,
    PAST,
    PAST_WITH_PAYMENTS,
    READY,
    Planner,
)
from classes.demo.people import COUPLES, DECEASED, City, Person, invent
from classes.demo.reception import Reception
from classes.models import (
    Application,
    CallLog,
    CallTask,
    ClassSession,
    Enrollment,
    Intake,
    Lesson,
    Offer,
    Venue,
    WaitlistEntry,
)
from learners.models import Learner
from staff.models import StaffMember

FIRST_COME, LOTTERY_METHOD = Intake.Method.FIRST_COME, Intake.Method.LOTTERY


class LiveAccount(Exception):
    """Messages would go to real phones, and the demo's numbers may be somebody's."""


@dataclass(frozen=True)
class Summary:
    """What was built, to be said in a few lines."""

    people: int
    venues: int
    intakes: int
    class_sessions: int
    lessons_today: int
    applications: int
    seats: int
    waiting: int
    offers: int
    calls_in: int
    calls_to_make: int


def build(*, now: datetime.datetime) -> Summary:
    """Build the city into a database without intakes and learners; all of it or nothing.

    Raises LiveAccount where messages would reach real phones.
    """
    with transaction.atomic():
        _build(now=now, reset_passwords=False)
    return summary(now=now)


def rebuild(*, now: datetime.datetime) -> Summary:
    """Take away every intake and learner and build the city anew; all of it or nothing.

    Raises LiveAccount where messages would reach real phones.
    """
    with transaction.atomic():
        was_demo = state.is_demo()
        clearing.clear()
        _build(now=now, reset_passwords=was_demo)
    return summary(now=now)


def summary(*, now: datetime.datetime) -> Summary:
    """Count what stands in the database."""
    today = calendar.around(now=now).today
    start = calendar.clock(today, 0)
    return Summary(
        people=Learner.objects.current().count(),
        venues=Venue.objects.count(),
        intakes=Intake.objects.count(),
        class_sessions=ClassSession.objects.running().count(),
        lessons_today=Lesson.objects.filter(
            starts_at__gte=start, starts_at__lt=start + DAY, cancelled_at__isnull=True
        ).count(),
        applications=Application.objects.active().count(),
        seats=Enrollment.objects.held().count(),
        waiting=WaitlistEntry.objects.waiting().count(),
        offers=Offer.objects.open().count(),
        calls_in=CallLog.objects.count(),
        calls_to_make=CallTask.objects.open().count(),
    )


def _build(*, now: datetime.datetime, reset_passwords: bool) -> None:
    if state.has_live_account():
        raise LiveAccount
    dates = calendar.around(now=now)
    dice = random.Random(dates.today.isoformat())  # noqa: S311 - dice, not secrets
    staff = accounts.make(reset=reset_passwords, now=now)
    operators = [staff[name] for name in ("uketsuke", "uketsuke2", "uketsuke3")]
    planner = Planner(dates, staff)
    planner.furnish()
    city = invent(dice, today=dates.today)
    running = _play_past(planner, city, operators)
    for round_, plans in ((dates.drawn, DRAWN), (dates.ready, READY)):
        planned = round_.opens_at - 21 * DAY
        opened = planner.open(round_, plans, method=LOTTERY_METHOD, now=planned)
        drawn_rounds.play(
            Reception(city, opened, operators),
            dates,
            staff["tanto"],
            is_drawn=round_ is dates.drawn,
        )
    lottery = planner.open(
        dates.lottery, LOTTERY, method=LOTTERY_METHOD, now=dates.lottery.opens_at - 21 * DAY
    )
    current = planner.open(
        dates.current, CURRENT, method=FIRST_COME, now=dates.current.opens_at - 21 * DAY
    )
    coming = planner.open(dates.coming, COMING, method=FIRST_COME, now=now)
    lottery_round.play(Reception(city, lottery, operators), dates)
    messages.remind(dates)
    past_rounds.change_last_lesson(
        running, "A1", told=6, now=dates.current.opens_at + datetime.timedelta(hours=5)
    )
    # Closed halls are known some days before; what was called meanwhile is the office's morning.
    past_rounds.close_hall(
        running, "P1", left=2, by=staff["tanto"], now=dates.now - datetime.timedelta(hours=20)
    )
    current_round.play(Reception(city, current, operators), dates)
    current_round.ask_too_early(Reception(city, coming, operators), now=now)
    city.keep_placements()
    classroom.teach(dice, now=now)
    messages.answer(now=now)
    work.do_round(now=now)


def _play_past(planner: Planner, city: City, operators: Sequence[StaffMember]) -> Reception:
    """Who called nine months ago called again later: repeating is normal."""
    dates = planner.calendar
    rounds: Iterable[tuple[calendar.Round, int, int, int]] = (
        (dates.past[0], 0, 46, 0),
        (dates.past[1], 46, 76, 18),
        (dates.past[2], 76, 111, 25),
        (dates.running, 111, 146, 29),
    )
    for number, (round_, first, end, returning) in enumerate(rounds):
        planned = round_.opens_at - 21 * DAY
        if round_ is dates.running:
            opened = planner.open_running(round_, now=planned)
        else:
            plans = PAST_WITH_PAYMENTS if number == 2 else PAST
            opened = planner.open(round_, plans, method=FIRST_COME, now=planned)
        reception = Reception(city, opened, operators)
        parties = parties_of(city, range(first, end), returning=returning, before=first)
        past_rounds.play(reception, round_, parties)
        if number == 1:
            _a_death(reception, dates)
    return reception


def parties_of(city: City, new: range, *, returning: int, before: int) -> list[list[Person]]:
    """Callers of one round in the order in which they get through; a couple calls together."""
    indexes = [*new, *city.dice.sample(range(before), min(returning, before))]
    first = {index - 1 if index - 1 in COUPLES else index for index in indexes}
    parties = [city.party(index) for index in sorted(first)]
    living = [
        party for party in parties if all(p.learner is None or p.index != DECEASED for p in party)
    ]
    city.dice.shuffle(living)
    return living


def _a_death(reception: Reception, dates: Calendar) -> None:
    now = calendar.clock(dates.past[1].lessons_from + 11 * DAY, 10, 20)
    past_rounds.record_death(reception, reception.city.people[DECEASED], now=now)
