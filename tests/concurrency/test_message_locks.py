"""Whoever changes many messages locks them in one order, so that nobody waits in a circle."""

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from sms import outbox, transitions
from sms.models import OutboundMessage
from tests.sms.outbox import HOUR, MOBILE, NOW, message

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
Rows = list[OutboundMessage]


def expire(_rows: Rows) -> Any:
    return transitions.expire(now=NOW + 48 * HOUR)


def put_off(_rows: Rows) -> Any:
    due = OutboundMessage.objects.due(NOW)
    return transitions.put_off_until(due, NOW + HOUR, now=NOW)


def cancel(rows: Rows) -> Any:
    return outbox.cancel([row.pk for row in rows], now=NOW)


def cancel_to(_rows: Rows) -> Any:
    return outbox.cancel_to(MOBILE, now=NOW)


def is_waiting(backend: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [backend])
        found = cursor.fetchone()
    return bool(found and found[0] == "Lock")


def hold(pk: int, **more: Any) -> None:
    OutboundMessage.objects.select_for_update(**more).get(pk=pk)


def is_free(pk: int) -> bool:
    try:
        with transaction.atomic():
            hold(pk, nowait=True)
    except OperationalError:
        return False
    return True


@pytest.mark.parametrize("change", [expire, put_off, cancel, cancel_to])
def test_the_older_message_is_locked_before_the_newer(change: Callable[[Rows], Any]) -> None:
    minute = datetime.timedelta(minutes=1)
    older = message()
    newer = message(send_after=NOW - minute, check_at=NOW - minute, created_at=NOW + minute)
    # In the table and in its indexes, the newer now comes first.
    older.check_at = NOW
    older.save()
    begun, backend = threading.Event(), [0]

    def press() -> None:
        try:
            connection.ensure_connection()
            backend[0] = connection.connection.info.backend_pid
            begun.set()
            change([newer, older])
        finally:
            connections.close_all()

    thread = threading.Thread(target=press)
    with transaction.atomic():
        hold(newer.pk)
        thread.start()
        assert begun.wait(10)
        while not is_waiting(backend[0]):
            assert thread.is_alive()
        assert not is_free(older.pk)
    thread.join(10)
    assert not OutboundMessage.objects.due(NOW).exists()
