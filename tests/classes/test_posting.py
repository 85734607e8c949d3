"""The 発送一覧: who is told by letter or fax, when an offer's time runs, and slips put back."""

import datetime

import pytest

from classes import offers, posting
from classes.models import CallTask, Notice, Offer, PlaceEvent
from learners.models import PhoneNumber
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)
DAY = datetime.timedelta(days=1)
POSTED, FAXED = Notice.Outcome.POSTED, Notice.Outcome.FAXED


def written_offer(**fields):
    """An offer to somebody who is not to be called; the letter of the registration has left."""
    offer = factories.announced_offer(factories.learner(no_phone_calls=True, **fields))
    registration = Notice.objects.filter(purpose="registered", channel="post")
    registration.update(settled_at=NOW - DAY, outcome=POSTED)
    return offer


def test_who_is_not_to_be_called_stands_on_the_list_with_a_printed_deadline():  # rule 20
    offer = written_offer()
    (line,) = posting.to_send(now=NOW)
    assert line.notice.offer == offer
    assert not CallTask.objects.exists()
    assert offer.printed_deadline == tokyo(2026, 9, 6, 10)
    assert "9月6日日曜、朝10時まで" in line.notice.sentence


def test_a_posted_offer_counts_as_told_three_days_later():  # rule 29
    offer = written_offer()
    (line,) = posting.to_send(now=NOW)
    operator = factories.staff_member()
    assert posting.mark_sent([line.notice.pk], how=POSTED, by=operator, now=NOW + 2 * DAY)
    offer.refresh_from_db()
    assert (offer.told_by, offer.told_at) == ("post", NOW + 5 * DAY)
    # The later of the printed deadline and told plus 48 hours.
    assert offer.expires_at == NOW + 7 * DAY
    assert posting.to_send(now=NOW) == []
    assert posting.mark_sent([line.notice.pk], how=POSTED, by=operator, now=NOW) == []


def test_a_faxed_offer_counts_as_told_at_once_but_keeps_its_printed_deadline():  # rule 29
    offer = written_offer(postal_channel="fax")
    PhoneNumber.objects.create(
        learner=offer.party.applications.get().learner,
        e164="+81426263112",
        as_spoken="042-626-3112",
        line="fax",
    )
    (line,) = posting.to_send(now=NOW)
    assert line.by_fax
    posting.mark_sent([line.notice.pk], how=FAXED, by=factories.staff_member(), now=NOW)
    offer.refresh_from_db()
    assert (offer.told_by, offer.told_at, offer.expires_at) == (
        "fax",
        NOW,
        offer.printed_deadline,
    )


def test_nothing_leaves_the_list_unmarked():
    written_offer()
    assert offers.expire_due(now=NOW + 90 * DAY) == 0
    (line,) = posting.to_send(now=NOW + 90 * DAY)
    assert line.is_late


def test_a_slip_is_put_back_within_the_undo_window_and_no_time_runs():
    offer = written_offer()
    (line,) = posting.to_send(now=NOW)
    operator = factories.staff_member()
    posting.mark_sent([line.notice.pk], how=POSTED, by=operator, now=NOW)
    posting.put_back(line.notice.pk, by=operator, now=NOW + datetime.timedelta(minutes=9))
    offer.refresh_from_db()
    assert (offer.told_at, offer.expires_at) == (None, None)
    assert len(posting.to_send(now=NOW)) == 1
    assert PlaceEvent.objects.filter(kind="corrected", by=operator).exists()


def test_after_the_undo_window_it_has_left():
    written_offer()
    (line,) = posting.to_send(now=NOW)
    operator = factories.staff_member()
    posting.mark_sent([line.notice.pk], how=POSTED, by=operator, now=NOW)
    with pytest.raises(posting.CannotPutBack):
        posting.put_back(line.notice.pk, by=operator, now=NOW + datetime.timedelta(minutes=10))


def test_a_call_that_nobody_answers_becomes_a_letter_of_the_same_notice():  # rule 52
    task = factories.call_task()
    notice = posting.post_instead(task.pk, by=factories.staff_member(), now=NOW)
    assert notice == task.notice
    assert [line.notice for line in posting.to_send(now=NOW)] == [notice]
    assert not CallTask.objects.open().exists()
    assert Offer.objects.get().printed_deadline == tokyo(2026, 9, 6, 11)
    assert posting.post_instead(task.pk, by=None, now=NOW) is None


def test_the_list_takes_as_many_queries_for_many_lines(django_assert_num_queries):
    for _ in range(3):
        written_offer()
    with django_assert_num_queries(2):
        assert [str(line.notice.learner) for line in posting.to_send(now=NOW)]


def test_a_letter_that_lies_here_keeps_a_deadline_that_can_be_met():  # rule 29
    offer = written_offer()
    assert posting.renew_deadlines(now=NOW + DAY / 2) == 0
    assert posting.renew_deadlines(now=NOW + 3 * DAY) == 1
    (line,) = posting.to_send(now=NOW + 3 * DAY)
    assert "9月9日水曜" in line.notice.sentence
    offer.refresh_from_db()
    assert offer.printed_deadline == tokyo(2026, 9, 9, 10) + DAY / 24
    posting.mark_sent([line.notice.pk], how=POSTED, by=factories.staff_member(), now=NOW + 3 * DAY)
    assert posting.renew_deadlines(now=NOW + 9 * DAY) == 0
