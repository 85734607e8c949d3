"""The demo tells the same stories on every day: a holiday, a Sunday evening, the New Year."""

import os

import pytest

from classes.demo import build, calendar
from classes.models import Lesson
from tests import factories
from tests.classes import demo_stories, invariants

pytestmark = pytest.mark.django_db

DAYS = {
    # The office was closed for six days, and nothing was sent this night.
    "first working day": factories.tokyo(2027, 1, 4, 7, 30),
    "a holiday": factories.tokyo(2026, 5, 4, 13),
    "a Saturday": factories.tokyo(2026, 11, 28, 9, 30),
    "a Sunday evening": factories.tokyo(2026, 11, 29, 20, 30),
    "after a weekend": factories.tokyo(2026, 11, 30, 9, 15),
    "New Year's Eve": factories.tokyo(2026, 12, 31, 18, 45),
    "New Year's morning": factories.tokyo(2027, 1, 1, 8),
    "a night": factories.tokyo(2026, 3, 30, 0, 30),
}
# `make chaos` takes them all.
EVERYDAY = ("first working day", "after a weekend")
CHOSEN = DAYS if os.environ.get("CHAOS_EXAMPLES") else EVERYDAY


@pytest.mark.chaos
@pytest.mark.parametrize("day", CHOSEN)
def test_every_story_is_told_on_every_day(day):
    now = DAYS[day]
    build.build(now=now)
    today = calendar.around(now=now).today
    assert today in [lesson.day for lesson in Lesson.objects.all()]
    demo_stories.some_classes_have_seats_and_others_a_line(now)
    demo_stories.offers_stand_in_every_state(now)
    demo_stories.whoever_was_passed_over_is_told_why(now)
    demo_stories.calls_and_letters_are_left_to_do()
    demo_stories.people_were_told_by_sms_and_some_wrote_back(now)
    demo_stories.nobody_is_booked_twice(is_closed_today=calendar.is_closed(today))
    invariants.check(demo_stories.current(now), now=now)
    invariants.overtaken_are_explained(demo_stories.current(now))
