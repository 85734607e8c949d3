"""The lottery that is open: ninety applications with ranked choices; the draw is still to come."""

import datetime

from classes.demo import past_rounds
from classes.demo.calendar import Calendar
from classes.demo.people import BY_FAX, COUPLES, DECEASED, HOW_MANY, NO_CALLS, Person
from classes.demo.reception import MINUTE, Outcome, Reception, Source
from classes.models import Application, CallAttempt, ClassSession

NEW_APPLICANTS = range(226, HOW_MANY)
RETURNING = 16
# So many apply in the last two hours.
TODAY = 9


def play(reception: Reception, dates: Calendar) -> None:
    """The first day, then what came in until now: by phone, at the counter, on paper."""
    opens, now = dates.lottery.opens_at, dates.now
    parties = _parties(reception)
    moments = past_rounds.ringing(reception, opens, pause=410)
    for number, party in enumerate(parties[:-TODAY], start=1):
        _apply(reception, party, number, next(moments))
        if number % 10 == 0:
            reception.hang_up(Outcome.INQUIRY, now=next(moments))
    _tell_by_phone(reception, opens + 11 * 60 * MINUTE)
    for number, party in enumerate(parties[-TODAY:], start=1):
        _apply(reception, party, number + 1, now - (125 - 13 * number) * MINUTE)
    withdrawn = Application.objects.active().filter(intake=reception.intake)
    for application in withdrawn.select_related("learner").order_by("number")[5:30:18]:
        application.intake = reception.intake
        reception.cancel(application, now=now - 130 * MINUTE)


def _parties(reception: Reception) -> list[list[Person]]:
    city = reception.city
    again = set(city.dice.sample(range(146), RETURNING)) - {DECEASED, *NO_CALLS}
    first = {i - 1 if i - 1 in COUPLES else i for i in (*NEW_APPLICANTS, *again)}
    parties = [city.party(index) for index in sorted(first)]
    city.dice.shuffle(parties)
    return parties


def _apply(reception: Reception, party: list[Person], number: int, now: datetime.datetime) -> None:
    index = party[0].index
    wishes = _ranked(reception, party[0])
    if index in NO_CALLS or number % 7 == 0:
        source = Source.FAX if index in BY_FAX else Source.PAPER
        written = max(now - 90 * MINUTE, reception.intake.opens_at)
        reception.register(party, wishes, now=now, source=source, received_at=written)
        return
    source = Source.COUNTER if number % 4 == 0 else Source.PHONE
    reception.register(party, wishes, now=now, source=source)


def _ranked(reception: Reception, person: Person) -> list[ClassSession]:
    """The class of the level first, then others, as far as three."""
    dice = reception.dice
    fitting = reception.opened.of_level(person.level)
    wishes = dice.sample(fitting, len(fitting))
    others = [c for c in reception.opened.classes.values() if c not in wishes]
    wishes += dice.sample(others, len(others))
    return wishes[: dice.choices((1, 2, 3), (30, 40, 30))[0]]


def _tell_by_phone(reception: Reception, now: datetime.datetime) -> None:
    """Whoever wrote is called about the receipt; some could not be reached yet."""
    for number, task in enumerate(reception.open_calls(now=now)[:7]):
        outcome = CallAttempt.Outcome.NO_ANSWER if number % 3 == 2 else CallAttempt.Outcome.REACHED
        if number == 3:
            outcome = CallAttempt.Outcome.WRONG_NUMBER
        reception.try_to_reach(task, outcome, now=now + number * 3 * MINUTE)
