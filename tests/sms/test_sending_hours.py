"""The next moment at which a message may go (rule 51)."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sms import sending_hours
from sms.models import DayOff, SendingHours
from sms.sending_hours import Hours
from tests.factories import tokyo

MONDAY = (2026, 10, 5)


def hours(**fields: Any) -> Hours:
    usual: dict[str, Any] = {
        "opens": datetime.time(9),
        "closes": datetime.time(20),
        "opens_early": datetime.time(7),
        "closed_weekdays": frozenset(),
        "closed_on_holidays": False,
        "days_off": frozenset(),
    }
    return Hours(**usual | fields)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (tokyo(*MONDAY, 0), tokyo(*MONDAY, 9)),
        (tokyo(*MONDAY, 8, 59, 59), tokyo(*MONDAY, 9)),
        (tokyo(*MONDAY, 9), tokyo(*MONDAY, 9)),
        (tokyo(*MONDAY, 19, 59, 59), tokyo(*MONDAY, 19, 59, 59)),
        (tokyo(*MONDAY, 20), tokyo(2026, 10, 6, 9)),
        (tokyo(2026, 12, 31, 23), tokyo(2027, 1, 1, 9)),
    ],
)
def test_a_message_waits_for_the_hours(  # rule 51
    at: datetime.datetime, opens: datetime.datetime
) -> None:
    assert hours().next_open(at) == opens
    assert hours().is_open(at) is (at == opens)


def test_the_hours_are_those_of_the_city_wherever_the_server_stands() -> None:  # rule 51
    in_utc = datetime.datetime(2026, 10, 4, 23, 59, tzinfo=datetime.UTC)
    assert hours().next_open(in_utc) == tokyo(*MONDAY, 9)


def test_a_cancellation_on_the_day_may_go_from_seven_also_on_a_day_off() -> None:  # rule 51
    off = hours(days_off=frozenset({datetime.date(*MONDAY)}))
    assert off.next_open(tokyo(*MONDAY, 6), may_be_early=True) == tokyo(*MONDAY, 7)
    assert off.next_open(tokyo(*MONDAY, 7)) == tokyo(2026, 10, 6, 9)
    assert off.next_open(tokyo(*MONDAY, 20), may_be_early=True) == tokyo(2026, 10, 6, 7)


def test_days_off_weekdays_off_and_holidays_are_passed_over() -> None:
    weekends = hours(closed_weekdays=frozenset({6, 7}), closed_on_holidays=True)
    # Friday evening; the Monday is スポーツの日.
    assert weekends.next_open(tokyo(2026, 10, 9, 21)) == tokyo(2026, 10, 13, 9)


def test_hours_that_never_open_still_answer() -> None:
    never = hours(closed_weekdays=frozenset(range(1, 8)))
    assert never.next_open(tokyo(*MONDAY, 9)) > tokyo(*MONDAY, 9)


@pytest.mark.django_db
def test_without_a_row_the_usual_hours_hold_and_a_row_changes_them(
    django_assert_num_queries: Any,
) -> None:
    assert sending_hours.load() == hours()
    SendingHours.objects.create(pk=1, opens=datetime.time(10), closed_weekdays=[7])
    DayOff.objects.create(day=datetime.date(*MONDAY))
    with django_assert_num_queries(2):
        loaded = sending_hours.load()
    assert loaded == hours(
        opens=datetime.time(10),
        closed_weekdays=frozenset({7}),
        days_off=frozenset({datetime.date(*MONDAY)}),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"pk": 2}, {"closes": datetime.time(8)}, {"opens_early": datetime.time(10)}]
)
def test_hours_out_of_order_are_refused_by_the_database(wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SendingHours.objects.create(**{"pk": 1} | wrong)
