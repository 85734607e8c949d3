"""A year of a city: nobody slips away unnoticed, and nobody hears anything twice or at night."""

import datetime
from collections import Counter

import pytest
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from classes import next_classes, outdated_notices, reminders
from classes.models import Application, Enrollment, Lesson, Notice, WaitlistEntry
from learners.models import Learner
from skill_levels import progress
from tests.classes.city_year import FIRST_DAY, City, seats_of
from tests.classes.planning_days import DAY

pytestmark = pytest.mark.django_db

YEAR = 365


def without_a_next_step(city: City, now: datetime.datetime) -> list[Learner]:
    """Learners with no lesson to come, no place in line, no question asked of them lately, and
    something still to learn or to be looked at again."""
    morning = city.at(timezone.localdate(now), 0)
    coming = Lesson.objects.filter(
        class_session=OuterRef("class_session"), cancelled_at=None, starts_at__gte=morning
    )
    mine = Q(application__learner=OuterRef("pk"))
    waits = Q(party__applications__learner=OuterRef("pk"))
    asked = Notice.objects.filter(
        learner=OuterRef("pk"),
        purpose=Notice.Purpose.NEXT_CLASS,
        created_at__gt=now - 60 * DAY,
    ).exclude(outcome__in=(Notice.Outcome.DROPPED, Notice.Outcome.MISSED))
    lost = Learner.objects.filter(
        ~Exists(Enrollment.objects.held().filter(mine, Exists(coming))),
        ~Exists(WaitlistEntry.objects.waiting().filter(waits, Exists(coming))),
        ~Exists(asked),
        Exists(Application.objects.filter(learner=OuterRef("pk"))),
        deceased_on=None,
        messages_paused_until=None,
    )
    standings = progress.of([person.pk for person in lost])
    today = timezone.localdate(now)
    return [
        person
        for person in lost
        if standings[person.pk].next_level is not None or standings[person.pk].due(today)
    ]


def live_a_year(city: City, *, days: int = YEAR) -> tuple[list[str], list[str]]:
    """Who stood there without a next step, and who was not told of a lesson, day by day."""
    lost, untold = [], []
    for number in range(days):
        day = FIRST_DAY + number * DAY
        city.live(day)
        reminders.plan(now=city.at(day, 9, 45))
        city.send(city.at(day, 13, 5))
        city.settle(city.at(day, 17))
        city.post_letters(city.at(day, 17, 30))
        city.call_everybody(city.at(day, 18))
        city.think_it_over(day)
        now = city.at(day, 20)
        lost += [f"{day}: {person.pk}" for person in without_a_next_step(city, now)]
        untold += [
            f"{day}: {seat.application.learner_id}"
            for seat, lesson in seats_of(day)
            if not (wants_none(seat, day) or was_told(seat, lesson))
        ]
    return lost, untold


def wants_none(seat: Enrollment, day: datetime.date) -> bool:
    """Whether they asked for no reminders until after that day."""
    until = seat.application.learner.messages_paused_until
    return until is not None and day < until


def was_told(seat: Enrollment, lesson: Lesson) -> bool:
    """Whether a reminder of this very date reached them before it, or its change did, or they got
    the seat that week."""
    if seat.held_at > lesson.starts_at - 8 * DAY:
        return True
    heard = Notice.objects.filter(
        learner=seat.application.learner_id,
        purpose__in=(Notice.Purpose.REMINDER, Notice.Purpose.CHANGED),
        occasion__startswith=f"lesson:{lesson.pk}:{lesson.revision}",
        settled_at__lt=lesson.starts_at,
    )
    return heard.exclude(outcome__in=(Notice.Outcome.DROPPED, Notice.Outcome.MISSED)).exists()


def test_in_a_year_everybody_has_a_next_step_and_hears_of_it_in_time():
    city = City(seed=5, people=20)
    died, rests = city.people[2], city.people[3]
    Learner.objects.filter(pk=died.pk).update(deceased_on=FIRST_DAY + 100 * DAY)
    Learner.objects.filter(pk=rests.pk).update(messages_paused_until=FIRST_DAY + 400 * DAY)
    lost, untold = live_a_year(city)
    assert lost == []
    assert untold == []
    assert no_message_at_night(city)
    assert nothing_said_twice(city)
    # It was a year in which something happened.
    made = Counter(Notice.objects.values_list("purpose", flat=True))
    assert min(made[each] for each in ("reminder", "follow_up", "absent", "next_class")) >= 5
    channels = Counter(Notice.objects.values_list("channel", flat=True))
    assert min(channels[each] for each in ("sms", "call", "post")) >= 20
    reached = progress.of([person.pk for person in city.people])
    assert any(standing.next_level is None for standing in reached.values())


def no_message_at_night(city: City) -> bool:  # rule 51
    return bool(city.sent) and all(city.hours.is_open(moment) for moment, _ in city.sent)


def nothing_said_twice(city: City) -> bool:  # rules 52 and 59
    said = Counter(
        (moment.date(), message.to, message.body)
        for moment, message in city.sent
        if message.purpose in outdated_notices.PLANNED
    )
    return max(said.values()) == 1


def test_control_without_next_classes_people_slip_away(monkeypatch):
    monkeypatch.setattr(next_classes, "due", lambda *, now: iter(()))
    lost, _ = live_a_year(City(seed=5, people=8), days=75)
    assert len({line.partition(": ")[2] for line in lost}) == 8


def test_control_without_reminders_people_are_not_told(monkeypatch):
    monkeypatch.setattr("classes.lesson_reminders.due", lambda *, hours, now: iter(()))
    _, untold = live_a_year(City(seed=5, people=8), days=60)
    assert len(untold) >= 8
