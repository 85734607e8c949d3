"""The page of a class: roster, line with every passing-over, and what staff press there."""

import datetime

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from classes import cancelling, class_page, loan_phones, steering, waitlist
from classes.locking import lock_intake
from classes.models import Application, Enrollment, Intake, Offer, Party, WaitlistEntry
from staff.models import AccessEvent
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
START = tokyo(2026, 9, 1, 9, 30)
NOW = tokyo(2026, 9, 1, 10)
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _the_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client):
    client.force_login(factories.staff_member(role="coordinator"))
    return client


def press(client, route, pk, **data):
    answer = client.post(reverse(route, args=[pk]), data, follow=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def a_line():
    """One seat, taken; a couple in front of a single person in line."""
    session = factories.class_session(capacity=1)
    (held,) = factories.registered(session, at=START)
    couple = factories.registered(session, factories.learner(), factories.learner(), at=START)
    (single,) = factories.registered(session, at=START + MINUTE)
    return session, held, couple, single


def test_the_line_stands_in_order_and_explains_who_was_passed_over():  # rule 27
    session, held, _couple, single = a_line()
    cancelling.cancel(session.intake_id, held.pk, reason="", by=None, now=START)
    with translation.override("en"):
        shown = class_page.page(session, now=NOW)
    assert [(place.position, place.size, place.has_offer) for place in shown.line] == [
        (1, 2, False),
        (2, 1, True),
    ]
    (event,) = shown.line[0].passed_over
    assert f"2 together, 1 free; receipt number {single.number}" in event.words


def test_the_page_shows_the_roster_to_the_desk_and_logs_whose_data_it_showed(desk):  # rule 64
    session = factories.class_session()
    factories.registered(session, factories.learner(phone="+819031174912"))
    page = desk.get(reverse("class_detail", args=[session.pk])).content.decode()
    assert "090-3117-4912" in page
    assert AccessEvent.objects.get(purpose="class_page").subjects.count() == 1


def test_an_instructor_sees_own_classes_only_and_neither_phones_nor_addresses(client):  # rule 65
    teacher = factories.staff_member(role="instructor")
    own, others = factories.class_session(), factories.class_session()
    own.instructors.add(teacher)
    factories.registered(own, factories.learner(phone="+819031174912", name="佐藤 ハル"))
    client.force_login(teacher)
    page = client.get(reverse("class_detail", args=[own.pk])).content.decode()
    assert "佐藤 ハル" in page
    assert "090-3117-4912" not in page
    assert "南大沢" not in page
    assert client.get(reverse("class_detail", args=[others.pk])).status_code == 404
    listed = client.get(reverse("class_list")).content.decode()
    assert own.code in listed
    assert reverse("class_detail", args=[others.pk]) not in listed


def test_an_offer_is_accepted_on_the_page_with_a_sentence_to_read(desk):
    offer = factories.announced_offer(at=START)
    said = press(desk, "offer_accept", offer.pk)
    assert any("お席が決まりました" in line for line in said)
    assert Enrollment.objects.held().count() == 1
    assert len(press(desk, "offer_accept", offer.pk)) == 1  # had been answered: a sentence


def test_an_offer_is_declined_or_noted_as_told(desk):
    offer = factories.announced_offer(at=START)
    press(desk, "offer_told", offer.pk)
    offer.refresh_from_db()
    assert offer.told_at == NOW
    press(desk, "offer_decline", offer.pk)
    offer.refresh_from_db()
    assert offer.status == "declined"
    assert press(desk, "offer_told", offer.pk)


def test_an_offer_still_unannounced_cannot_be_accepted(desk):  # rule 30
    session, held, _, _ = a_line()
    cancelling.cancel(session.intake_id, held.pk, reason="", by=None, now=NOW)
    press(desk, "offer_accept", Offer.objects.get().pk)
    assert Offer.objects.get().status == "open"


def test_passing_over_needs_a_reason_and_serves_the_next(desk):  # rule 27
    session, held, _couple, single = a_line()
    cancelling.cancel(session.intake_id, held.pk, reason="", by=None, now=START)
    offered = WaitlistEntry.objects.get(party=single.party)
    factories.registered(session, at=START + 2 * MINUTE)
    press(desk, "entry_pass_over", offered.pk, reason="  ")
    assert Offer.objects.open().get().entry == offered
    press(desk, "entry_pass_over", offered.pk, reason="入院中")
    assert Offer.objects.open().get().entry != offered
    page = desk.get(reverse("class_detail", args=[session.pk])).content.decode()
    assert "入院中" in page


def test_a_party_is_split_and_a_line_left_with_a_refusal_for_what_cannot_be(desk):
    session, _, couple, single = a_line()
    party = couple[0].party
    assert press(desk, "party_split", party.pk, **{"class": session.pk})
    assert Party.objects.filter(split_from=party).count() == 0
    press(desk, "party_split", party.pk, **{"class": session.pk, "leaving": [couple[1].pk]})
    assert Party.objects.filter(split_from=party).count() == 1
    entry = WaitlistEntry.objects.get(party=single.party)
    press(desk, "entry_leave", entry.pk)
    press(desk, "entry_leave", entry.pk)
    entry.refresh_from_db()
    assert entry.ended_at == NOW


def test_a_seat_is_cancelled_and_undone_on_the_page(desk):  # rule 30
    session, held, _, _ = a_line()
    seat = Enrollment.objects.get(application=held)
    press(desk, "seat_cancel", seat.pk, reason="体調不良")
    assert Application.objects.get(pk=held.pk).status == "cancelled"
    press(desk, "seat_cancel", seat.pk)
    assert [s.pk for s in class_page.page(session, now=NOW).undoable] == [seat.pk]
    press(desk, "seat_undo", seat.pk)
    assert Enrollment.objects.held().get(application=held) == seat
    press(desk, "seat_undo", seat.pk)


def test_one_of_several_seats_is_given_up_alone(desk):  # rule 31
    intake = factories.intake(seat_rule="per_choice")
    session = factories.class_session(intake=intake)
    (application,) = factories.registered(session)
    press(desk, "seat_cancel", Enrollment.objects.get().pk)
    application.refresh_from_db()
    assert application.status == "active"
    assert not Enrollment.objects.held().exists()


def test_a_move_takes_the_loan_phone_along_or_moves_nothing(desk):  # rule 39
    here = factories.class_session(venue=factories.venue(loan_phones=1))
    there = factories.class_session(intake=here.intake, venue=factories.venue(loan_phones=1))
    without = factories.class_session(intake=here.intake)
    factories.registered(here)
    seat = Enrollment.objects.get()
    press(desk, "seat_loan_phone", seat.pk, promise="1")
    press(desk, "seat_move", seat.pk, to=without.pk)
    assert Enrollment.objects.held().get() == seat
    press(desk, "seat_move", seat.pk, to="")
    press(desk, "seat_move", seat.pk, to=there.pk, reason="通いやすい")
    moved = Enrollment.objects.held().get()
    assert (moved.class_session, moved.has_loan_phone) == (there, True)
    assert press(desk, "seat_move", seat.pk, to=there.pk)
    press(desk, "seat_loan_phone", moved.pk, promise="0")
    assert not Enrollment.objects.held().get().has_loan_phone


def test_moving_to_a_class_that_does_not_run_is_a_sentence(desk):
    here = factories.class_session()
    gone = factories.class_session(intake=here.intake, cancelled_at=START)
    factories.registered(here)
    seat = Enrollment.objects.get()
    assert press(desk, "seat_move", seat.pk, to=gone.pk)
    assert press(desk, "seat_move", seat.pk, to=here.pk)


def test_the_page_warns_of_what_stands_in_the_way():  # rules 38 and 40
    hall = factories.venue()
    session = factories.class_session(venue=hall, capacity=5, lessons=1)
    assert len(class_page.warnings(session)) == 1  # nobody teaches
    session.instructors.add(factories.staff_member(role="instructor"))
    assert len(class_page.warnings(session)) == 1  # one for five
    session.assistants.add(factories.staff_member(role="instructor"))
    assert class_page.warnings(session) == []
    factories.class_session(venue=hall, capacity=1, lessons=1)
    (double_use,) = class_page.warnings(session)
    assert "1" in double_use


def test_the_history_tells_of_cancellations_too_page_by_page(desk):
    session, held, _, _ = a_line()
    cancelling.cancel(session.intake_id, held.pk, reason="転居", by=None, now=START)
    kinds = {event.kind for event in class_page.history(session)}
    assert {"seated", "lined_up", "cancelled", "offered", "passed_over"} <= kinds
    assert desk.get(reverse("class_detail", args=[session.pk]), {"page": "999"}).status_code == 200


def test_a_class_page_takes_as_many_queries_for_many_people(desk, django_assert_max_num_queries):
    session, _, _, _ = a_line()
    url = reverse("class_detail", args=[session.pk])
    with django_assert_max_num_queries(60) as few:
        desk.get(url)
    session.capacity = 5
    session.save()
    steering.offer_by_press(session.intake_id, session.pk, by=None, now=NOW)
    for _ in range(6):
        factories.registered(session, factories.learner(phone="+819031174912"), at=START)
    with django_assert_max_num_queries(60) as many:
        desk.get(url)
    assert len(many.captured_queries) == len(few.captured_queries)


def test_only_the_desk_may_press(client):
    teacher = factories.staff_member(role="instructor")
    session, held, _, _ = a_line()
    session.instructors.add(teacher)
    client.force_login(teacher)
    seat = Enrollment.objects.get(application=held)
    assert client.post(reverse("seat_cancel", args=[seat.pk])).status_code == 403
    assert loan_phones.usage(session, now=NOW)[0].promised == 0


def test_a_seat_beyond_all_offers_is_no_alarm_and_may_be_moved_into():  # rules 28 and 29
    session, *_ = a_line()
    other = factories.class_session(intake=session.intake, capacity=1)
    factories.registered(other, at=START)
    factories.registered(other, at=START)
    with transaction.atomic():
        intake = lock_intake(other.intake_id)
        other.capacity = 3
        other.save()
        waitlist.offer_next(intake, other, by=None, now=NOW)
    shown = class_page.page(other, now=NOW)
    assert (shown.seats.free, shown.waiting.parties) == (1, 1)
    assert not shown.is_unserved
    assert class_page.page(session, now=NOW).room_elsewhere == [other]


def test_after_a_draw_the_line_is_called_what_the_wall_calls_it(desk):
    session = factories.class_session(intake=factories.intake(method=Intake.Method.LOTTERY))
    page = desk.get(reverse("class_detail", args=[session.pk])).content.decode()
    assert "補欠" in page
    assert ">キャンセル待ち <" not in page
