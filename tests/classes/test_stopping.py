"""No more messages to a number: at once, and whoever was to be told is told another way (58)."""

import datetime
import uuid

import pytest

from classes import (
    calls,
    cancelling,
    inbox,
    number_changes,
    outcomes_of_messages,
    replies,
    sending,
    stopping,
)
from classes.models import CallTask, ClassSession, Notice, Offer, Reply, StaffTask
from learners.models import Learner, PhoneNumber
from sms import suppression
from sms.models import NumberSuppression, OutboundMessage
from sms.verdicts import Drop, Send
from tests import factories
from tests.classes.answering import HOUR, MOBILE, NOW, message, reachable, taken_as, told, wrote
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
Reason, Source = NumberSuppression.Reason, NumberSuppression.Source
Status = OutboundMessage.Status
Channel = Notice.Channel
Consent = PhoneNumber.Consent


@pytest.fixture
def session() -> ClassSession:
    return factories.class_session(code="N1")


@pytest.fixture
def person(session: ClassSession) -> Learner:
    made = reachable()
    factories.registered(session, made, at=NOW - 30 * datetime.timedelta(days=1))
    Notice.objects.all().delete()
    return made


def read(body: str) -> Reply:
    inbound = wrote(body)
    replies.understand(now=inbound.received_at)
    return taken_as(inbound)


def channels_of(*notices: Notice) -> list[str]:
    return [Notice.objects.get(pk=notice.pk).channel for notice in notices]


def test_a_stop_stops_what_waits_at_once_and_is_kept_with_every_person_of_the_number(
    session, person
):
    partner = reachable()
    waiting = told(person, session, sent=message(status=Status.QUEUED))

    reply = read("配信停止")

    assert reply.closed_at is not None
    assert OutboundMessage.objects.get(pk=waiting.message_id).status == Status.CANCELLED
    assert suppression.of([MOBILE]) == {MOBILE: Reason.OPTED_OUT}
    for one in (person, partner):
        number = one.phone_numbers.get()
        assert number.sms_consent == Consent.REFUSED  # rule 11
        assert number.consent_at == NOW + HOUR
        assert number.history.order_by("history_id").last().sms_consent == Consent.REFUSED


def test_what_could_not_be_sent_becomes_a_call_or_a_letter_on_the_same_notice(session, person):
    silent = reachable(no_phone_calls=True)
    factories.registered(session, silent)
    Notice.objects.filter(learner=silent).delete()
    to_call = told(person, session, sent=message(status=Status.QUEUED))
    to_post = told(silent, session, sent=message(status=Status.QUEUED))
    gone = told(person, session, sent=message())

    read("STOP")

    assert channels_of(to_call, to_post, gone) == [Channel.CALL, Channel.POST, Channel.SMS]
    assert CallTask.objects.open().get().notice == to_call  # rule 52
    assert OutboundMessage.objects.get(pk=to_call.message_id).settled_at is not None


def test_what_was_said_on_the_phone_needs_no_call_when_its_text_is_stopped(session, person):
    waiting = told(
        person,
        session,
        sent=message(status=Status.QUEUED),
        purpose=Notice.Purpose.REGISTERED,
        facts={"spoken": True},
    )
    read("停止")
    waiting.refresh_from_db()
    assert (waiting.channel, waiting.outcome) == (Channel.SPOKEN, Notice.Outcome.TOLD)  # rule 60
    assert not CallTask.objects.exists()


def test_stopping_twice_changes_nothing_more(session, person):
    told(person, session, sent=message(status=Status.QUEUED))
    read("停止")
    before = list(CallTask.objects.values())
    read("停止")
    assert list(CallTask.objects.values()) == before
    assert NumberSuppression.objects.count() == 1


def test_another_persons_number_is_stopped_and_the_learner_is_told_another_way(session, person):
    waiting = told(person, session, sent=message(status=Status.QUEUED), number=2)
    in_vain = told(person, session, occasion=f"lesson:{session.lessons.first().pk}:1:1")

    reply = read("人違いです")

    assert suppression.of([MOBILE]) == {MOBILE: Reason.WRONG_PERSON}
    assert channels_of(waiting, in_vain) == [Channel.CALL, Channel.CALL]
    in_vain.refresh_from_db()
    assert in_vain.outcome == ""
    task = StaffTask.objects.get(kind=StaffTask.Kind.CONFIRM_NUMBER)
    assert (task.learner, task.intake) == (person, session.intake)
    # Nothing leads from the message to the person.
    assert reply.learner is None
    shown = inbox.conversation(reply, now=NOW)
    assert (shown.person, list(shown.people), list(shown.lessons)) == (None, [], [])


def test_of_two_reminders_told_in_vain_one_call_is_made_and_none_of_a_day_that_moved(
    session, person
):
    first = session.lessons.get(number=1)
    for lead in (7, 1):
        told(person, session, occasion=f"lesson:{first.pk}:1:{lead}")
    second = session.lessons.get(number=2)
    told(person, session, number=2, occasion=f"lesson:{second.pk}:1:7")
    second.revision = 2
    second.save()

    read("番号が違います")

    assert [task.notice.occasion for task in CallTask.objects.all()] == [f"lesson:{first.pk}:1:1"]


def test_the_wrong_number_is_not_the_one_that_is_called(session, person):
    PhoneNumber.objects.create(learner=person, e164="+81426263111", as_spoken="", position=1)
    told(person, session, sent=message(status=Status.QUEUED))

    read("人違い")

    task = CallTask.objects.get()
    assert [(n.e164, n.is_wrong) for n in calls.numbers(task)] == [
        ("+81426263111", False),
        (MOBILE, True),
    ]


def test_an_offer_told_to_the_wrong_person_runs_no_time(session):  # rule 29
    offer = factories.announced_offer(reachable())
    sent = OutboundMessage.objects.get(notices__offer=offer)
    sent.status = Status.DELIVERED
    sent.save()
    Notice.objects.filter(offer=offer).update(settled_at=NOW, outcome=Notice.Outcome.DELIVERED)
    at = tokyo(2026, 9, 1, 10)
    Offer.objects.filter(pk=offer.pk).update(
        told_at=at, told_by=Offer.ToldBy.SMS, expires_at=at + 48 * HOUR
    )

    stopping.wrong_person(MOBILE, source=Source.DESK, by=None, now=at + HOUR)

    offer.refresh_from_db()
    assert (offer.status, offer.told_at, offer.expires_at) == (Offer.Status.OPEN, None, None)
    assert CallTask.objects.open().get().notice.offer == offer


def test_a_number_that_nobody_has_is_stopped_too(db):
    stopping.wrong_person("+818011112222", source=Source.DESK, by=None, now=NOW)
    assert suppression.of(["+818011112222"])


def test_a_refusal_at_the_desk_stops_what_waits_for_this_person_alone(session, person):
    partner = reachable()
    factories.registered(session, partner)
    Notice.objects.filter(learner=partner).delete()
    mine = told(person, session, sent=message(status=Status.QUEUED))
    theirs = told(partner, session, sent=message(status=Status.QUEUED))
    clerk = factories.staff_member()

    number_changes.set_consent(
        person.phone_numbers.get().pk, given=False, given_by="本人", by=clerk, now=NOW
    )

    assert channels_of(mine, theirs) == [Channel.CALL, Channel.SMS]
    assert OutboundMessage.objects.get(pk=theirs.message_id).status == Status.QUEUED
    assert suppression.of([MOBILE]) == {}


def test_an_agreement_given_anew_lifts_the_stop(session, person):
    read("停止")
    clerk = factories.staff_member()
    number = person.phone_numbers.get()

    number_changes.set_consent(number.pk, given=True, given_by="本人", by=clerk, now=NOW + 2 * HOUR)

    assert suppression.of([MOBILE]) == {}
    number.refresh_from_db()
    assert number.may_receive_sms


def offered_by_text(session: ClassSession, status: str) -> tuple[Offer, Notice]:
    offer = factories.announced_offer(factories.texted(phone=MOBILE))
    OutboundMessage.objects.filter(purpose="offer").update(
        status=status, status_at=NOW, sent_at=NOW, delivered_at=NOW, attempts=1
    )
    return offer, Notice.objects.get(offer=offer)


def test_a_delivery_told_late_to_the_wrong_person_tells_no_offer(session):  # rules 29 and 58
    offer, notice = offered_by_text(session, Status.SENT)

    read("人違いです")
    OutboundMessage.objects.filter(purpose="offer").update(
        status=Status.DELIVERED, delivered_at=NOW, settled_at=None
    )
    outcomes_of_messages.sweep(now=NOW + 2 * HOUR)

    offer.refresh_from_db()
    notice.refresh_from_db()
    assert (offer.told_at, notice.channel, notice.outcome) == (None, Channel.CALL, "")
    assert CallTask.objects.open().get().notice == notice


@pytest.mark.parametrize("arrives", [True, False])
def test_what_was_to_be_called_about_for_want_of_a_sign_is_told_in_vain_too(  # rules 29 and 58
    session, arrives
):
    """Silent for hours, it went on the call list; then it arrived, at another person's."""
    offer, notice = offered_by_text(session, Status.SENT)
    outcomes_of_messages.sweep(now=NOW + 12 * HOUR)
    notice.refresh_from_db()
    assert notice.channel == Channel.CALL

    def delivered() -> None:
        OutboundMessage.objects.filter(purpose="offer").update(
            status=Status.DELIVERED, delivered_at=NOW, settled_at=None
        )
        outcomes_of_messages.sweep(now=NOW + 13 * HOUR)

    if arrives:
        delivered()
    inbound = wrote("人違いです", at=NOW + 14 * HOUR)
    replies.understand(now=inbound.received_at)
    if not arrives:
        delivered()

    offer.refresh_from_db()
    notice.refresh_from_db()
    assert (offer.told_at, notice.channel, notice.outcome) == (None, Channel.CALL, "")
    assert CallTask.objects.open().get().notice == notice


def test_what_staff_wrote_stops_with_a_death_too_unless_somebody_else_has_the_number(
    session, person
):  # rule 42
    asked = wrote("なにを持っていけばよいですか")
    replies.understand(now=asked.received_at)
    reply, clerk = taken_as(asked), factories.staff_member()
    key = uuid.uuid4()
    answer = inbox.write_back(reply.pk, "筆記用具です。", client_uuid=key, by=clerk, now=NOW)

    def verdict():
        return sending.still_holds([answer], NOW)[answer.pk]

    partner = reachable()
    cancelling.record_death(person.pk, on=NOW.date(), by=clerk, now=NOW)
    assert verdict() == Send(answer.body)
    cancelling.record_death(partner.pk, on=NOW.date(), by=clerk, now=NOW)
    assert verdict() == Drop()
    with pytest.raises(inbox.Stopped):
        inbox.write_back(reply.pk, "もう一度", client_uuid=uuid.uuid4(), by=clerk, now=NOW)
