"""Notices that are no longer needed stop with their messages; what is needed again goes again."""

import datetime

import pytest

from classes import (
    cancelling,
    invitations,
    merging,
    number_changes,
    reminders,
    sending,
    steering,
)
from classes.models import CallTask, ClassSession, Notice
from learners import numbers
from learners.models import Learner, PhoneNumber
from sms import phone_numbers, suppression
from sms.models import NumberSuppression, OutboundMessage
from sms.verdicts import Send
from tests import factories
from tests.classes.test_notices_by_text import SHARED, notice, stop
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
MINUTE = datetime.timedelta(minutes=1)


def refuse(person: Learner, *, given: bool = False, at: datetime.datetime = NOW) -> None:
    number = person.phone_numbers.get()
    number_changes.set_consent(number.pk, given=given, given_by="本人", by=None, now=at)


def told_by_text(session: ClassSession, *people: Learner) -> Notice:
    """A cancelled lesson that waits to be told."""
    for person in people:
        factories.registered(session, person, at=NOW)
    OutboundMessage.objects.update(status="delivered", settled_at=NOW)
    Notice.objects.update(settled_at=NOW, outcome="delivered")
    stop(session, now=NOW)
    return notice(purpose="cancelled", learner=people[0])


def test_a_cancelled_application_stops_its_message_and_undone_it_waits_again() -> None:
    # rules 30 and 53
    session = factories.class_session()
    (application,) = factories.registered(session, factories.texted(), at=NOW)
    cancelling.cancel(session.intake_id, application.pk, reason="", by=None, now=NOW + MINUTE)
    assert OutboundMessage.objects.get().status == "cancelled"
    cancelling.undo(session.intake_id, application.pk, by=None, now=NOW + 2 * MINUTE)
    made = notice()
    assert made.message is not None
    assert (made.settled_at, made.message.status) == (None, "queued")
    assert made.message.send_after == NOW + 10 * MINUTE


def test_what_can_no_longer_go_out_is_called_about_when_it_is_needed_again() -> None:  # rule 53
    session = factories.class_session()
    (application,) = factories.registered(session, factories.texted(), at=NOW, spoken=False)
    cancelling.cancel(session.intake_id, application.pk, reason="", by=None, now=NOW + MINUTE)
    # Cancelled by the provider's hand: it was tried before.
    OutboundMessage.objects.update(attempts=1)
    cancelling.undo(session.intake_id, application.pk, by=None, now=NOW + 2 * MINUTE)
    assert CallTask.objects.open().get().notice == notice()
    assert notice().channel == "call"


def test_what_has_left_meanwhile_is_settled_by_what_becomes_of_it() -> None:  # rule 53
    session = factories.class_session()
    (application,) = factories.registered(session, factories.texted(), at=NOW)
    OutboundMessage.objects.update(status="sent", sent_at=NOW, attempts=1)
    cancelling.cancel(session.intake_id, application.pk, reason="", by=None, now=NOW + MINUTE)
    OutboundMessage.objects.update(status="delivered", settled_at=NOW + MINUTE)
    cancelling.undo(session.intake_id, application.pk, by=None, now=NOW + 2 * MINUTE)
    made = notice()
    assert made.message is not None
    assert (made.settled_at, made.message.settled_at) == (None, None)


def test_a_death_stops_every_message_at_once() -> None:  # rule 42
    session = factories.class_session()
    person = factories.texted()
    told_by_text(session, person)
    cancelling.record_death(person.pk, on=NOW.date(), by=None, now=NOW)
    assert not OutboundMessage.objects.filter(status="queued").exists()
    assert not Notice.objects.filter(learner=person, settled_at=None).exists()


def test_after_a_death_the_partner_still_gets_the_message_of_their_number() -> None:
    # rules 42 and 59
    session = factories.class_session()
    husband, wife = factories.texted(phone=SHARED), factories.texted(phone=SHARED)
    told_by_text(session, husband, wife)
    cancelling.record_death(husband.pk, on=NOW.date(), by=None, now=NOW)
    message = OutboundMessage.objects.get(purpose="cancelled")
    assert message.status == "queued"
    assert [n.learner for n in message.notices.filter(settled_at=None)] == [wife]


def test_after_a_death_the_partner_hears_the_answer_to_their_application() -> None:
    # rules 26 and 42
    session = factories.class_session()
    husband, wife = factories.texted(), factories.texted()
    factories.registered(session, husband, wife, at=NOW, spoken=False)
    assert notice().learner == husband
    cancelling.record_death(husband.pk, on=NOW.date(), by=None, now=NOW)
    made = notice(settled_at=None)
    assert (made.learner, made.channel) == (wife, "sms")
    assert made.message is not None
    assert "2名様" not in made.message.body


def test_a_refusal_at_the_desk_stops_what_waits_and_turns_it_into_a_call() -> None:  # rule 58
    person = factories.texted()
    told_by_text(factories.class_session(), person)
    refuse(person)
    assert OutboundMessage.objects.get(purpose="cancelled").status == "cancelled"
    made = notice(purpose="cancelled")
    assert (made.channel, made.settled_at) == ("call", None)
    assert CallTask.objects.open().get().notice == made


def test_a_refusal_of_somebody_who_wants_no_calls_makes_a_letter() -> None:  # rules 20 and 58
    person = factories.texted(no_phone_calls=True)
    told_by_text(factories.class_session(), person)
    refuse(person)
    assert notice(purpose="cancelled").channel == "post"
    assert not CallTask.objects.exists()


def test_a_refusal_of_one_leaves_the_message_of_the_other() -> None:  # rules 58 and 59
    husband, wife = factories.texted(phone=SHARED), factories.texted(phone=SHARED)
    told_by_text(factories.class_session(), husband, wife)
    refuse(husband)
    message = OutboundMessage.objects.get(purpose="cancelled")
    assert message.status == "queued"
    assert notice(purpose="cancelled", learner=husband).channel == "call"
    assert notice(purpose="cancelled", learner=wife).message == message


def test_a_refusal_calls_nobody_about_what_the_phone_said_already() -> None:  # rule 60
    person = factories.texted()
    factories.registered(factories.class_session(), person, at=NOW)
    refuse(person)
    made = notice()
    assert (made.channel, made.outcome) == ("spoken", "told")
    assert OutboundMessage.objects.get().status == "cancelled"
    assert not CallTask.objects.exists()


@pytest.mark.parametrize("change", ["removed", "corrected", "fax"])
def test_a_number_that_is_no_longer_theirs_gets_nothing(change: str) -> None:  # rules 11 and 58
    person = factories.texted()
    told_by_text(factories.class_session(), person)
    row = person.phone_numbers.get()
    if change == "removed":
        number_changes.remove(row.pk, by=None, now=NOW)
    else:
        typed = "090-1111-2222" if change == "corrected" else str(row)
        line = PhoneNumber.Line.FAX if change == "fax" else PhoneNumber.Line.VOICE
        given = numbers.NumberInput(phone_numbers.parse(typed, area_code="042"), line=line)
        number_changes.update(row.pk, given, by=None, now=NOW)
    assert OutboundMessage.objects.get(purpose="cancelled").status == "cancelled"
    assert notice(purpose="cancelled").channel == "call"


def test_consent_given_again_lifts_an_opt_out() -> None:  # rule 58
    person = factories.texted(phone=SHARED)
    suppression.suppress(
        SHARED, suppression.Reason.OPTED_OUT, source=suppression.Source.REPLY, now=NOW
    )
    suppression.suppress(
        SHARED, suppression.Reason.NOT_CAPABLE, source=suppression.Source.PROVIDER, now=NOW
    )
    refuse(person, given=True)
    standing = NumberSuppression.objects.standing().values_list("reason", flat=True)
    assert list(standing) == ["not_capable"]


def test_merged_records_keep_their_notices_and_messages() -> None:
    survivor, absorbed = factories.learner(), factories.texted()
    made = told_by_text(factories.class_session(), absorbed)
    merging.merge(survivor.pk, absorbed.pk, reason="同じ方", by=None, now=NOW)
    made.refresh_from_db()
    assert made.learner == survivor
    assert made.message is not None
    assert made.message.status == "queued"


@pytest.mark.parametrize("agrees", [True, False])
def test_a_seat_given_up_by_a_slip_is_reminded_of_all_the_same(agrees: bool) -> None:
    # rules 30 and 53
    """A round of the worker falls between the slip and its undoing."""
    session = factories.class_session()
    person = factories.learner(phone="+819031174912", agrees=agrees)
    (application,) = factories.registered(session, person, at=NOW)
    eve = tokyo(2026, 10, 4, 10)
    reminders.plan(now=eve)
    reminder = notice(purpose="reminder")
    seat = application.enrollments.get()

    cancelling.give_up_seat(session.intake_id, seat.pk, reason="", by=None, now=eve + MINUTE)
    assert not CallTask.objects.open().exists()
    assert not OutboundMessage.objects.due(eve + MINUTE).filter(purpose="reminder").exists()
    reminders.plan(now=eve + 2 * MINUTE)
    cancelling.undo_seat(session.intake_id, seat.pk, by=None, now=eve + 3 * MINUTE)

    reminder.refresh_from_db()
    assert (reminder.settled_at, reminder.channel) == (None, "sms" if agrees else "call")
    if agrees:
        assert reminder.message_id is not None
        assert OutboundMessage.objects.get(pk=reminder.message_id).status == "queued"
    else:
        assert CallTask.objects.open().get().notice == reminder


def test_of_two_records_of_one_person_only_one_is_told_and_apart_again_both_are() -> None:
    # rule 52
    factories.class_session()
    pair = [factories.learner(), factories.learner()]
    invitations.send([person.pk for person in pair], now=NOW)
    assert CallTask.objects.open().count() == 2

    merged = merging.merge(pair[0].pk, pair[1].pk, reason="同じ人", by=None, now=NOW + MINUTE)
    assert CallTask.objects.open().get().notice.learner == pair[0]

    merging.undo(merged.pk, by=None, now=NOW + 2 * MINUTE)
    assert {task.notice.learner for task in CallTask.objects.open()} == set(pair)


def test_a_call_written_at_the_very_moment_of_a_death_leaves_the_list() -> None:  # rule 42
    factories.class_session()
    person = factories.learner()
    invitations.send([person.pk], now=NOW)
    # As if the worker had looked just before, and written just after.
    Learner.objects.filter(pk=person.pk).update(deceased_on=NOW.date())
    reminders.plan(now=NOW + MINUTE)
    assert not CallTask.objects.open().exists()
    assert notice(learner=person).outcome == "dropped"


def test_a_party_split_before_it_heard_hears_in_both_parts() -> None:  # rules 26 and 27
    session = factories.class_session(capacity=0)
    husband, wife = factories.texted(), factories.texted()
    members = factories.registered(session, husband, wife, at=NOW, spoken=False)
    assert "2名様" in OutboundMessage.objects.get().body
    steering.split(
        session.intake_id,
        members[0].party_id,
        [members[1].pk],
        reason="別々で",
        by=None,
        now=NOW + MINUTE,
    )
    waiting = OutboundMessage.objects.filter(status="queued")
    verdicts = sending.still_holds(list(waiting), NOW + 15 * MINUTE)
    bodies = [verdict.body for verdict in verdicts.values() if isinstance(verdict, Send)]
    assert len(bodies) == 2
    assert not [body for body in bodies if "2名様" in body]
    told = Notice.objects.filter(settled_at=None)
    assert {each.learner for each in told} == {husband, wife}
