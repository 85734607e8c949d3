"""What is queued is queued once, with what it tells of, and can be taken back while it waits."""

import pytest
from django.db import transaction

from sms import outbox, suppression
from sms.models import NumberSuppression, OutboundMessage
from sms.models.messages import OutboundMessage as Message
from tests.sms.outbox import HOUR, MOBILE, NOW, TEXT, message

pytestmark = pytest.mark.django_db
Status = OutboundMessage.Status
Reason, Source = NumberSuppression.Reason, NumberSuppression.Source


def enqueue(body: str = TEXT, *, dedupe_key: str = "notice:offer:1", **more: object) -> Message:
    return outbox.enqueue(
        MOBILE,
        body,
        dedupe_key=dedupe_key,
        purpose="offer",
        expires_at=NOW + HOUR,
        now=NOW,
        **more,
    )


def test_one_key_is_one_message_however_often_it_is_asked_for() -> None:  # rule 52
    first = enqueue()
    again = enqueue("別の文です。")
    assert (again.pk, again.body) == (first.pk, TEXT)
    assert OutboundMessage.objects.count() == 1


def test_what_the_callers_transaction_takes_back_was_never_queued() -> None:
    with transaction.atomic():
        enqueue()
        transaction.set_rollback(True)
    assert not OutboundMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_message_is_queued_in_a_transaction_or_not_at_all() -> None:
    with pytest.raises(outbox.NotInTransaction):
        enqueue()


def test_a_text_that_no_network_carries_is_refused() -> None:  # rule 49
    with pytest.raises(outbox.TooLong):
        enqueue("長" * 661)
    assert enqueue("長" * 660).segments == 10


def test_only_what_waits_can_be_taken_back() -> None:
    rows = [message(), message(status=Status.SENT), message(status=Status.UNKNOWN)]
    assert outbox.cancel([row.pk for row in rows], now=NOW) == 1
    for row in rows:
        row.refresh_from_db()
    assert [row.status for row in rows] == [Status.CANCELLED, Status.SENT, Status.UNKNOWN]


def test_what_was_taken_back_stands_again_if_it_never_went_out() -> None:
    untried = message(status=Status.CANCELLED, settled_at=NOW)
    tried = message(status=Status.CANCELLED, attempts=1)
    late = message(status=Status.CANCELLED, expires_at=NOW)
    answers = [
        outbox.requeue(row.pk, "本日です。", send_after=NOW + HOUR, now=NOW)
        for row in (untried, tried, late)
    ]
    assert answers == [True, False, False]
    untried.refresh_from_db()
    assert (untried.status, untried.settled_at) == (Status.QUEUED, None)
    assert (untried.body, untried.send_after) == ("本日です。", NOW + HOUR)


def test_opting_out_stops_what_is_queued_for_the_number_at_once() -> None:  # rule 58
    mine, anothers = message(), message("+819000000001")
    assert suppression.suppress(MOBILE, Reason.OPTED_OUT, source=Source.REPLY, now=NOW)
    assert not suppression.suppress(MOBILE, Reason.OPTED_OUT, source=Source.DESK, now=NOW)
    mine.refresh_from_db()
    anothers.refresh_from_db()
    assert (mine.status, anothers.status) == (Status.CANCELLED, Status.QUEUED)


def test_a_suppression_stands_until_it_is_lifted_and_may_come_again() -> None:
    suppression.suppress(MOBILE, Reason.NOT_CAPABLE, source=Source.PROVIDER, now=NOW)
    suppression.suppress(MOBILE, Reason.OPTED_OUT, source=Source.REPLY, now=NOW)
    assert suppression.lift(MOBILE, Reason.OPTED_OUT, now=NOW) == 1
    assert suppression.of([MOBILE]) == {MOBILE: Reason.NOT_CAPABLE}
    assert suppression.lift(MOBILE, Reason.NOT_CAPABLE, now=NOW) == 1
    assert suppression.of([MOBILE]) == {}
    assert suppression.suppress(MOBILE, Reason.OPTED_OUT, source=Source.REPLY, now=NOW)
    assert NumberSuppression.objects.count() == 3
