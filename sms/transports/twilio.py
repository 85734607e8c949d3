"""Twilio, through its own SDK: one try to send, looking a message up, reading what came in."""

import datetime
import decimal
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from django.urls import reverse
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from sms.models import OutboundMessage
from sms.transports import (
    Accepted,
    Answer,
    Received,
    Refused,
    Report,
    TryLater,
    Unclear,
    Unreachable,
)
from sms.transports.twilio_words import fate

# What is wrong with the account, the sender or the pace, and not with this message: it waits until
# somebody has put it right, or its time is over.
NOT_THE_MESSAGE = frozenset(
    {14107, 20003, 20005, 20404, 20429, 21212, 21603, 21606, 21611, 21701, 21703, 21704, 30001}
)
# The provider's clock and ours may differ by so much.
CLOCKS_DIFFER = datetime.timedelta(minutes=5)
PAGE_SIZE = 1000


class HttpClient(TwilioHttpClient):
    """The SDK's, whose calls may be sent elsewhere and whose log keeps silent of people."""

    def __init__(self, base_url: str, *, timeout: float, concurrency: int) -> None:
        super().__init__(timeout=timeout, max_retries=0)
        self.base = urlsplit(base_url) if base_url else None
        adapter = HTTPAdapter(max_retries=0, pool_maxsize=concurrency)
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, adapter)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Every call of the SDK, pages that follow included, passes here."""
        if self.base:
            parts = urlsplit(url)
            moved = parts._replace(scheme=self.base.scheme, netloc=self.base.netloc)
            url = urlunsplit(moved)
        return super().request(method, url, *args, **kwargs)

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """The SDK would write numbers into the log."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Nor this."""


class Twilio:
    """An account with one sender, or with a messaging service that chooses one."""

    def __init__(
        self,
        client: Client,
        *,
        account: str,
        service: str,
        sender: str,
        public_url: str,
        per_second: float | None,
        concurrency: int,
        grace: datetime.timedelta,
    ) -> None:
        self.client = client
        self.account = account
        self.service = service
        self.from_ = sender
        self.sender = service or sender
        self.public_url = public_url
        self.per_second = per_second
        self.concurrency = concurrency
        self.grace = grace
        # Where callbacks come in, asking is for those that got lost.
        told = bool(public_url)
        self.first_check = datetime.timedelta(minutes=5) if told else datetime.timedelta(seconds=15)
        self.inbound_pause = datetime.timedelta(seconds=600 if told else 30)

    def send(self, message: OutboundMessage) -> Answer:
        """Create the message at Twilio; what may have gone out in spite of an error is unclear."""
        values: dict[str, Any] = {"to": message.to, "body": message.body}
        if self.service:
            values["messaging_service_sid"] = self.service
        else:
            values["from_"] = self.from_
        if self.public_url:
            values["status_callback"] = callback_url(self.public_url, message)
        try:
            created = self.client.messages.create(**values)
        except (TwilioRestException, TwilioServiceException) as error:
            return _answer(error)
        except (requests.RequestException, TwilioException, OSError, ValueError) as error:
            return TryLater(_kind(error)) if _never_connected(error) else Unclear(_kind(error))
        return Accepted(created.sid) if created.sid else Unclear("no sid")

    def find(self, message: OutboundMessage, *, known: Collection[str]) -> Report | None:
        """A message to this number with this text, created since the try began."""
        began = (message.claimed_at or message.status_at) - CLOCKS_DIFFER
        # Not by date: what still waits at Twilio has no date of sending yet.
        for found in self._listed(to=message.to):
            if (
                str(found.direction or "").startswith("outbound")
                and found.sid not in known
                and (found.date_created is None or found.date_created >= began)
                # A trial account writes words of its own before ours.
                and (found.body or "").strip().endswith(message.body.strip())
            ):
                return _report(found)
        return None

    def status(self, message: OutboundMessage) -> Report | None:
        """What became of it, and what it cost as soon as Twilio says so."""
        try:
            return _report(self.client.messages(message.sid).fetch())
        except (TwilioRestException, TwilioServiceException) as error:
            if error.status == 404:
                return None
            raise Unreachable(_kind(error)) from None
        except (requests.RequestException, TwilioException, OSError, ValueError) as error:
            raise Unreachable(_kind(error)) from None

    def received(self, since: datetime.datetime) -> Iterator[Received]:
        """Every message that came in, page by page; to a name nobody can answer."""
        if self.from_ and not self.from_.lstrip("+").isdecimal():
            return
        filters: dict[str, Any] = {"date_sent_after": since}
        if self.from_:
            filters["to"] = self.from_
        for found in self._listed(**filters):
            if found.direction == "inbound":
                at = found.date_sent or found.date_created
                yield Received(found.sid, found.from_ or "", found.to or "", found.body or "", at)

    def _listed(self, **filters: Any) -> Iterator[Any]:
        """The account's messages, following the pages."""
        try:
            yield from self.client.messages.stream(page_size=PAGE_SIZE, **filters)
        except (TwilioException, requests.RequestException, OSError, ValueError) as error:
            raise Unreachable(_kind(error)) from None


def from_settings() -> Twilio:
    """The account of the environment."""
    http_client = HttpClient(
        settings.TWILIO_BASE_URL,
        timeout=settings.TWILIO_TIMEOUT,
        concurrency=settings.SMS_CONCURRENCY,
    )
    client = Client(
        settings.TWILIO_API_KEY or settings.TWILIO_ACCOUNT_SID,
        settings.TWILIO_API_SECRET or settings.TWILIO_AUTH_TOKEN,
        account_sid=settings.TWILIO_ACCOUNT_SID,
        http_client=http_client,
    )
    return Twilio(
        client,
        account=settings.TWILIO_ACCOUNT_SID,
        service=settings.TWILIO_MESSAGING_SERVICE_SID,
        sender=settings.TWILIO_SENDER,
        public_url=settings.PUBLIC_URL,
        per_second=settings.SMS_PER_SECOND or None,
        concurrency=settings.SMS_CONCURRENCY,
        grace=datetime.timedelta(seconds=settings.SMS_UNKNOWN_GRACE_SECONDS),
    )


def callback_url(public_url: str, message: OutboundMessage) -> str:
    """Where Twilio says what became of this try; signed by Twilio as a whole."""
    return f"{public_url}{reverse('sms_status', args=[message.uuid])}?try={message.attempts}"


def _answer(error: TwilioRestException | TwilioServiceException) -> Answer:
    """What an answer other than 2xx means for the message (rules 54 and 57)."""
    status, code = int(error.status), error.code
    if status == 429 or code in NOT_THE_MESSAGE or status in (401, 403, 404):
        return TryLater(f"{status} {code}")
    # Without a code of Twilio's own it was not Twilio that answered.
    if 400 <= status < 500 and isinstance(code, int) and code > 9999:
        return Refused(str(code))
    if 400 <= status < 500 and status != 408:
        return TryLater(str(status))
    return Unclear(str(status))


def _never_connected(error: BaseException | None) -> bool:
    """Whether nobody took the connection, so that nothing can have gone out."""
    while error is not None:
        if isinstance(error, requests.ConnectTimeout | NewConnectionError | ConnectionRefusedError):
            return True
        inner = error.args[0] if error.args else None
        reason = getattr(inner, "reason", None)
        error = next(
            (each for each in (reason, inner, error.__cause__) if isinstance(each, BaseException)),
            None,
        )
    return False


def _kind(error: BaseException) -> str:
    """What happened, without the words of it: those quote numbers and texts."""
    status = getattr(error, "status", "")
    return f"{type(error).__name__} {status}".strip()


def _report(found: Any) -> Report:
    segments = found.num_segments
    return Report(
        sid=found.sid,
        fate=fate(str(found.status or "")),
        error_code=str(found.error_code or ""),
        segments=int(segments) if segments and str(segments).isdigit() and int(segments) else None,
        price=_price(found.price),
        price_unit=(found.price_unit or "").upper() if found.price is not None else "",
    )


def _price(told: object) -> decimal.Decimal | None:
    """What it cost; Twilio writes charges as negative numbers."""
    try:
        return abs(decimal.Decimal(str(told))) if told is not None else None
    except decimal.InvalidOperation:
        return None
