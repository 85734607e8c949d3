"""Rounds that are over, and the one whose lessons are under way: who called, who came instead."""

import datetime
from collections.abc import Iterator, Sequence

from classes import cancelling, disruptions, steering
from classes.demo.calendar import DAY, Round
from classes.demo.people import BY_FAX, NO_CALLS, Person
from classes.demo.reception import MINUTE, Outcome, Reception, Source
from classes.lessons import set_lessons
from classes.models import (
    CallAttempt,
    CallTask,
    ClassSession,
    Disruption,
    Enrollment,
    Notice,
)
from classes.timetable import Planned
from learners import people
from staff.models import StaffMember

SECOND = datetime.timedelta(seconds=1)


def play(reception: Reception, dates: Round, parties: Sequence[Sequence[Person]]) -> None:
    """One first-come round from its first call to the last freed seat."""
    before = dates.opens_at - DAY
    for minutes in (7, 95, 240):
        reception.hang_up(Outcome.BEFORE_OPENING, now=before + minutes * MINUTE)
    _morning(reception, dates, parties)
    _freed_seats(reception, dates)
    _settle(reception, dates)


def record_death(reception: Reception, person: Person, *, now: datetime.datetime) -> None:
    """ご逝去: the family calls; everything for this person stops (rule 42)."""
    if person.learner is None:
        return
    on = (now - 6 * DAY).date()
    cancelling.record_death(person.learner.pk, on=on, by=reception.operator(), now=now)


def confirm_age(reception: Reception, person: Person, *, now: datetime.datetime) -> None:
    """A date of birth that was missing is told after all; the worker ends the task."""
    if person.learner is not None:
        born = datetime.date(now.year - 79, 10, 3)
        by = reception.operator()
        people.update(person.learner.pk, {"birth_date": born}, by=by, now=now)


def change_last_lesson(
    reception: Reception, code: str, *, told: int, now: datetime.datetime
) -> None:
    """The hall needs its room: the last lesson begins later, and everybody seated is called."""
    session = reception.opened.classes[code]
    lessons = list(session.lessons.select_related("venue").order_by("number"))
    planned = [Planned(x.number, x.starts_at, x.ends_at, x.venue) for x in lessons]
    later = datetime.timedelta(hours=3, minutes=30)
    last = lessons[-1]
    planned[-1] = Planned(last.number, last.starts_at + later, last.ends_at + later, last.venue)
    set_lessons(session, planned, by=session.instructors.first(), now=now)
    for number, task in enumerate(reception.open_calls(now=now)[:told], start=1):
        if CallTask.objects.open().filter(pk=task.pk).exists():
            reached = CallAttempt.Outcome.REACHED
            reception.try_to_reach(task, reached, now=now + number * 6 * MINUTE)


def close_hall(
    reception: Reception, code: str, *, left: int, by: StaffMember, now: datetime.datetime
) -> None:
    """The next lesson cannot be held: its people are called, but for some; no new day yet."""
    session = reception.opened.classes[code]
    lesson = session.lessons.filter(starts_at__gt=now + datetime.timedelta(days=1)).first()
    if lesson is None:
        return
    why = disruptions.Why(Disruption.Cause.HALL)
    disruptions.stop([lesson.pk], why, by=by, now=now)
    calls = CallTask.objects.open().filter(notice__purpose=Notice.Purpose.CANCELLED)
    tasks = list(calls.filter(notice__intake=reception.intake).order_by("pk"))
    for number, task in enumerate(tasks[: max(len(tasks) - left, 0)], start=1):
        if CallTask.objects.open().filter(pk=task.pk).exists():
            reached = CallAttempt.Outcome.REACHED
            reception.try_to_reach(task, reached, now=now + number * 4 * MINUTE)


def wishes_of(reception: Reception, person: Person) -> list[ClassSession]:
    """One class of the person's level, a second one where they would take either."""
    dice = reception.dice
    level = person.level
    if dice.random() < 0.08:
        level = dice.choice((1, 2, 3))
    fitting = reception.opened.of_level(level)
    return dice.sample(fitting, 2 if len(fitting) > 1 and dice.random() < 0.35 else 1)


def ringing(
    reception: Reception, start: datetime.datetime, *, pause: int
) -> Iterator[datetime.datetime]:
    """Moments at which calls end: about `pause` seconds apart, three operators together."""
    moment = start
    while True:
        moment += reception.dice.randrange(pause // 3, pause * 5 // 3) * SECOND
        yield moment


def _morning(reception: Reception, dates: Round, parties: Sequence[Sequence[Person]]) -> None:
    moments = ringing(reception, dates.opens_at, pause=75)
    classes = list(reception.opened.classes.values())
    for number, party in enumerate(parties, start=1):
        now = next(moments)
        wishes = wishes_of(reception, party[0])
        if party[0].index in NO_CALLS:
            source = Source.FAX if party[0].index in BY_FAX else Source.PAPER
            written = max(now - 25 * MINUTE, dates.opens_at)
            reception.register(party, wishes, now=now, source=source, received_at=written)
            continue
        reception.register(party, wishes, now=now)
        if number % 9 == 0:
            reception.hang_up(
                Outcome.INQUIRY, now=next(moments), about=reception.dice.choice(classes)
            )
        if number % 23 == 0:
            reception.hang_up(Outcome.INELIGIBLE, now=next(moments))


def _freed_seats(reception: Reception, dates: Round) -> None:
    """In the fortnight of the reception some cannot come after all; one moves to another class."""
    codes = list(reception.opened.classes)
    for days in (1, 3, 5, 8):
        now = dates.opens_at + days * DAY + reception.dice.randrange(30, 300) * MINUTE
        code = reception.dice.choice(codes)
        reception.cancel_one_seat(code, now=now)
        reception.serve_line([now + 11 * MINUTE, now + 5 * 60 * MINUTE])
    _move_one(reception, now=dates.opens_at + 9 * DAY)


def _move_one(reception: Reception, *, now: datetime.datetime) -> None:
    for code, other in (("N1", "N2"), ("N2", "N1")):
        for application in reception.seated_alone(code)[:1]:
            seat = Enrollment.objects.held().get(application=application)
            target = reception.opened.classes[other]
            try:
                steering.move(
                    reception.intake.pk,
                    seat.pk,
                    target.pk,
                    reason="通院の日と重なるため",
                    by=reception.operator(),
                    now=now,
                )
            except steering.NoRoom:
                continue
            return


def _settle(reception: Reception, dates: Round) -> None:
    """Day after day until everybody is told and every offer is answered or has run out."""
    now = dates.opens_at + 10 * DAY
    while not reception.is_settled() and now.date() < dates.lessons_from - 2 * DAY:
        reception.serve_line([now])
        now += DAY
