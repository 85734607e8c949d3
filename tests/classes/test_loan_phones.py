"""Loan phones: a venue's pool, never promised twice at one moment (rule 39)."""

import datetime

import pytest

from classes import cancelling, loan_phones
from classes.models import ClassSession, Enrollment
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
MONDAY = tokyo(2026, 10, 5, 10)


def seat(session: ClassSession) -> Enrollment:
    (application,) = factories.registered(session)
    return Enrollment.objects.held().get(application=application)


def promise(enrollment: Enrollment, now: datetime.datetime = NOW) -> Enrollment:
    return loan_phones.promise(enrollment.pk, by=None, now=now)


def test_no_more_phones_are_promised_than_the_venue_has():
    session = factories.class_session(venue=factories.venue(loan_phones=1))
    first, second = seat(session), seat(session)
    assert promise(first).has_loan_phone
    with pytest.raises(loan_phones.NoLoanPhoneLeft) as refused:
        promise(second)
    assert refused.value.lesson.number == 1
    loan_phones.release(first.pk, by=None, now=NOW)
    assert promise(second).has_loan_phone


def test_a_phone_promised_twice_is_one_phone():
    session = factories.class_session(venue=factories.venue(loan_phones=2))
    first, second = seat(session), seat(session)
    promise(first)
    promise(first)
    assert promise(second).has_loan_phone


def test_phones_are_counted_over_classes_that_run_there_at_the_same_time():
    hall = factories.venue(loan_phones=1)
    here = factories.class_session(venue=hall, lessons=[MONDAY])
    overlapping = factories.class_session(
        venue=hall, lessons=[MONDAY + datetime.timedelta(hours=1)]
    )
    afterwards = factories.class_session(venue=hall, lessons=[MONDAY + datetime.timedelta(hours=4)])
    promise(seat(here))
    with pytest.raises(loan_phones.NoLoanPhoneLeft):
        promise(seat(overlapping))
    assert promise(seat(afterwards)).has_loan_phone


def test_one_phone_serves_two_classes_after_one_another():
    hall = factories.venue(loan_phones=2)
    long = factories.class_session(venue=hall, lessons=[MONDAY])
    early = factories.class_session(venue=hall, lessons=[MONDAY - datetime.timedelta(minutes=90)])
    late = factories.class_session(venue=hall, lessons=[MONDAY + datetime.timedelta(minutes=90)])
    promise(seat(early))
    promise(seat(late))
    assert promise(seat(long)).has_loan_phone
    assert [usage.left for usage in loan_phones.usage(long, now=NOW)] == [0]


def test_a_lesson_held_elsewhere_is_counted_there():
    poor, rich = factories.venue(loan_phones=0), factories.venue(loan_phones=1)
    session = factories.class_session(venue=rich, lessons=0)
    factories.lesson(session)
    factories.lesson(session, venue=poor)
    with pytest.raises(loan_phones.NoLoanPhoneLeft) as refused:
        promise(seat(session))
    assert refused.value.lesson.venue == poor


def test_a_cancelled_seat_keeps_its_phone_until_it_cannot_be_undone():  # rule 30
    session = factories.class_session(venue=factories.venue(loan_phones=1))
    first, second = seat(session), seat(session)
    promise(first)
    cancelling.cancel(session.intake_id, first.application_id, reason="", by=None, now=NOW)
    with pytest.raises(loan_phones.NoLoanPhoneLeft):
        promise(second, NOW + datetime.timedelta(minutes=9))
    assert promise(second, NOW + datetime.timedelta(minutes=10)).has_loan_phone


def test_no_phone_goes_to_a_seat_that_ended():
    session = factories.class_session(venue=factories.venue(loan_phones=1))
    first = seat(session)
    cancelling.cancel(session.intake_id, first.application_id, reason="", by=None, now=NOW)
    with pytest.raises(loan_phones.SeatEnded):
        promise(first)


def test_counting_takes_as_many_queries_for_many_lessons(django_assert_num_queries):
    session = factories.class_session(venue=factories.venue(loan_phones=3), lessons=8)
    promise(seat(session))
    with django_assert_num_queries(3):
        assert {usage.left for usage in loan_phones.usage(session, now=NOW)} == {2}
