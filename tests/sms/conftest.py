"""The stand-in for Twilio, and settings that lead there."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from sms.transports import twilio
from sms.transports.twilio import Twilio
from tests.sms.standin import ACCOUNT, SENDER, TOKEN, StandIn

PUBLIC = "https://desk.example.jp"


@pytest.fixture
def standin(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    """A stand-in, and an account whose calls go there; no callbacks unless a test asks for them.

    Patience is short only where the stand-in will hang, for a machine at work is slow at times.
    """
    case = getattr(request.node, "callspec", None)
    hangs = case is not None and "hang" in str(case.params.get("fault"))
    with (
        StandIn() as running,
        override_settings(
            TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=TOKEN,
            TWILIO_SENDER=SENDER,
            TWILIO_BASE_URL=running.url,
            TWILIO_TIMEOUT=1 if hangs else 10,
            SMS_PER_SECOND=0,
            SMS_CONCURRENCY=8,
        ),
    ):
        yield running


@pytest.fixture
def account(standin: StandIn) -> Twilio:
    """The transport of the environment, leading to the stand-in."""
    return twilio.from_settings()


@pytest.fixture
def called_back(standin: StandIn, live_server) -> Iterator[StandIn]:
    """A stand-in whose callbacks arrive at the desk, for an address only the outside knows."""
    standin.callbacks_to = live_server.url
    with override_settings(PUBLIC_URL=PUBLIC):
        yield standin
