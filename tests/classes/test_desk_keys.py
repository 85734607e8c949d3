"""The desk's single keys over HTTP: what was said, cancel, offers, undo, the end of a call."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classes.models import Application, CallLog, ClassSession, Enrollment, Intake, Offer
from staff.models import StaffMember
from tests import factories
from tests.classes.desk_over_http import DAY, HTMX, known, new, post, registered, typed

pytestmark = pytest.mark.django_db


def test_what_was_said_is_found_again_with_minute_and_operator(
    desk_client: Client, session: ClassSession, operator: StaffMember
) -> None:  # rule 19
    learner = known()
    application = registered(session, operator, learner)
    page = post(desk_client, "desk_history", learner.pk).content.decode()
    assert "お席が決まっております" in page
    assert "お席が決まりました" in page
    assert operator.name in page
    assert application.receipt in page


def test_cancelling_asks_once_and_can_be_taken_back(
    desk_client: Client, session: ClassSession, operator: StaffMember
) -> None:  # rule 30
    application = registered(session, operator, known())
    post(desk_client, "desk_cancel", application.pk)
    assert Enrollment.objects.held().exists()
    response = post(desk_client, "desk_cancel", application.pk, data={"confirmed": "1"})
    assert "取り消しました" in response.content.decode()
    assert not Enrollment.objects.held().exists()
    again = post(desk_client, "desk_cancel", application.pk, data={"confirmed": "1"})
    assert again.headers["HX-Retarget"] == "#desk-word"
    post(desk_client, "desk_restore", application.pk)
    assert Enrollment.objects.held().exists()


@pytest.mark.parametrize(("answer", "status"), [("accept", "accepted"), ("decline", "declined")])
def test_an_offered_seat_is_taken_or_declined_on_the_phone(
    desk_client: Client,
    session: ClassSession,
    operator: StaffMember,
    answer: str,
    status: str,
) -> None:
    ClassSession.objects.filter(pk=session.pk).update(capacity=0)
    learner = known()
    application = registered(session, operator, learner)
    offer = Offer.objects.create(
        entry=application.party.waitlist_entries.get(),
        party=application.party,
        class_session=session,
        seats=1,
        made_at=timezone.now(),
        announce_after=timezone.now(),
        announced_at=timezone.now(),
    )
    card = desk_client.get(reverse("desk_person", args=["2026-10", learner.pk]), headers=HTMX)
    assert reverse("desk_answer_offer", args=["2026-10", offer.pk]) in card.content.decode()
    response = post(desk_client, "desk_answer_offer", offer.pk, data={"answer": answer})
    assert 'id="desk-sentence"' in response.content.decode()
    offer.refresh_from_db()
    assert offer.status == status
    # The card follows: what was offered no longer is.
    page = response.content.decode()
    assert 'id="desk-card"' not in page
    late = post(desk_client, "desk_answer_offer", offer.pk, data={"answer": answer})
    assert late.headers.get("HX-Retarget") == "#desk-word"


def test_undo_shows_what_it_would_undo_before_it_does(
    desk_client: Client, session: ClassSession, operator: StaffMember
) -> None:
    registered(session, operator, known())
    asked = post(desk_client, "desk_undo")
    assert "山田 節子" in asked.content.decode()
    assert Enrollment.objects.held().exists()
    post(desk_client, "desk_undo", data={"confirmed": CallLog.objects.get().pk})
    assert not Enrollment.objects.held().exists()
    nothing = post(desk_client, "desk_undo")
    assert nothing.headers["HX-Retarget"] == "#desk-word"


def test_a_class_is_added_to_an_application(
    desk_client: Client, session: ClassSession, operator: StaffMember
) -> None:
    ClassSession.objects.filter(pk=session.pk).update(capacity=0)
    application = registered(session, operator, known())
    other = factories.class_session(
        intake=session.intake, capacity=0, lessons=[timezone.now() + 30 * DAY]
    )
    asked = post(desk_client, "desk_add_wish", application.pk)
    assert asked.headers["HX-Retarget"] == "#desk-word"
    post(desk_client, "desk_add_wish", application.pk, data={"wishes": other.pk})
    assert application.party.waitlist_entries.count() == 2


def test_signed_out_a_press_is_refused_without_leaving_the_page(
    client: Client, session: ClassSession
) -> None:
    response = post(client, "desk_register", data={**typed(session), **new()})
    assert (response.status_code, response.headers["HX-Reswap"]) == (401, "none")


def test_the_callers_keys_follow_what_was_done(
    desk_client: Client, session: ClassSession, operator: StaffMember
) -> None:  # rule 30
    application = registered(session, operator, known())
    panel = {"confirmed": "1", "learner": application.learner_id}
    page = post(desk_client, "desk_cancel", application.pk, data=panel).content.decode()
    assert 'id="desk-card"' in page
    assert reverse("desk_restore", args=["2026-10", application.pk]) in page
    assert reverse("desk_cancel", args=["2026-10", application.pk]) not in page
    assert "data-ended" in page
    page = post(desk_client, "desk_restore", application.pk, data=panel).content.decode()
    assert reverse("desk_cancel", args=["2026-10", application.pk]) in page
    assert "data-ended" not in page


def test_the_keys_beside_a_newcomers_fields_follow_too(
    desk_client: Client, session: ClassSession
) -> None:
    form = {**typed(session), **new()}
    post(desk_client, "desk_register", data=form)
    application = Application.objects.get()
    page = post(desk_client, "desk_cancel", application.pk, data={**form, "confirmed": "1"})
    assert 'id="desk-card"' not in page.content.decode()
    assert reverse("desk_restore", args=["2026-10", application.pk]) in page.content.decode()


def test_before_reception_opens_the_key_is_the_one_for_such_calls(
    desk_client: Client, session: ClassSession
) -> None:  # rule 18
    Intake.objects.update(opens_at=timezone.now() + DAY)
    page = post(desk_client, "desk_register", data={**typed(session), **new()}).content.decode()
    assert "Bで受付時間外として" in page


@pytest.mark.parametrize("wishes", ["9" * 20, "9" * 20 + ",1"])
def test_a_class_no_row_can_have_is_a_word_and_not_an_error(
    desk_client: Client, session: ClassSession, wishes: str
) -> None:
    form = {**typed(session), **new(), "wishes": wishes}
    answer = post(desk_client, "desk_register", data=form)
    assert answer.status_code in (200, 422)
    ended = post(desk_client, "desk_end_call", data={"outcome": "inquiry", "wishes": wishes})
    assert ended.status_code == 200
    assert CallLog.objects.get().class_session is None


def test_a_class_that_is_gone_is_not_written_to_a_call(
    desk_client: Client, session: ClassSession
) -> None:
    Intake.objects.update(closes_at=timezone.now() - DAY)
    form = {**typed(session), **new(), "wishes": "987654"}
    assert post(desk_client, "desk_register", data=form).status_code in (200, 422)
