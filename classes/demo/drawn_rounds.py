"""Two lotteries whose reception has closed: one drawn, one that waits for its draw."""

import datetime
from collections.abc import Iterator

from classes.demo import calendar
from classes.demo.calendar import Calendar
from classes.demo.people import COUPLES, DECEASED, Person
from classes.demo.reception import MINUTE, Reception
from classes.lottery import draw, freezing
from classes.models import CallAttempt, ClassSession, Intake, LotteryDraw
from staff.models import StaffMember

APPLICANTS = 44
# Rules as a city prints them: who went without a seat comes first, then who is new.
TIERS = [{"kind": "lost", "losses": 1, "rounds": 3}, {"kind": "never_attended"}]
SEED = "4 2 6 1 3 5"


def play(
    reception: Reception, dates: Calendar, coordinator: StaffMember, *, is_drawn: bool
) -> None:
    """Reception, and for the one of them the draw with the first calls about it."""
    set_rules(reception.intake, draw_on=calendar.working_day_before(dates.today))
    moment = reception.intake.opens_at
    for number, party in enumerate(_parties(reception), start=1):
        moment += datetime.timedelta(minutes=37 + number % 11)
        if moment.astimezone().hour >= 17:
            moment = moment + 15 * 60 * MINUTE
        now = min(moment, reception.intake.closes_at - MINUTE)
        reception.register(party, _ranked(reception, party[0]), now=now)
    if is_drawn:
        _draw(reception, dates, coordinator)


def set_rules(intake: Intake, *, draw_on: datetime.date) -> None:
    """Tiers and kept seats, before anybody applies (rule 25)."""
    intake.priority_tiers, intake.repeat_seats, intake.draw_on = TIERS, 1, draw_on
    intake.save(update_fields=["priority_tiers", "repeat_seats", "draw_on"])


def _parties(reception: Reception) -> Iterator[list[Person]]:
    """People who have called before, a couple together, in an order of their own."""
    city = reception.city
    known = [i for i in range(146) if i != DECEASED and city.people[i].learner is not None]
    chosen = city.dice.sample(known, APPLICANTS)
    first = {i - 1 if i - 1 in COUPLES else i for i in chosen}
    parties = [city.party(index) for index in sorted(first)]
    city.dice.shuffle(parties)
    yield from parties


def _ranked(reception: Reception, person: Person) -> list[ClassSession]:
    fitting = reception.opened.of_level(person.level)
    others = [c for c in reception.opened.classes.values() if c not in fitting]
    wishes = [*fitting, *reception.dice.sample(others, len(others))]
    return wishes[: reception.dice.choices((1, 2, 3), (45, 40, 15))[0]]


def _draw(reception: Reception, dates: Calendar, coordinator: StaffMember) -> None:
    """Frozen the evening before, drawn in public the next morning; some have been told."""
    drawn_on = calendar.working_day_before(dates.today)
    frozen_at = max(calendar.clock(drawn_on, 9), reception.intake.closes_at)
    run = freezing.freeze(reception.intake.pk, by=coordinator, now=frozen_at)
    at = calendar.clock(drawn_on, 10)
    draw.fix_seed(
        run.pk,
        seed=SEED,
        source=LotteryDraw.SeedSource.DICE,
        note="市民お二人がロビーで振ったさいころ6個",
        by=coordinator,
        now=at,
    )
    draw.run(run.pk, by=coordinator, now=at)
    reception.intake.refresh_from_db()
    for number, task in enumerate(reception.open_calls(now=at + 30 * MINUTE)[:12]):
        outcome = CallAttempt.Outcome.NO_ANSWER if number % 4 == 3 else CallAttempt.Outcome.REACHED
        reception.try_to_reach(task, outcome, now=at + (40 + number * 4) * MINUTE)
