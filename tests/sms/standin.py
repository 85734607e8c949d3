"""A stand-in for Twilio on this machine: its REST shapes, signed callbacks, and faults on demand.

    .venv/bin/python -m tests.sms.standin --delay 0.2

runs one in a process of its own until its input closes, and prints its address first.
"""

import argparse
import collections
import datetime
import itertools
import json
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from base64 import b64encode
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from twilio.request_validator import RequestValidator

ACCOUNT, TOKEN = "AC" + "0" * 32, "a-token-of-the-tests"
SENDER = "+12025550123"
# HTTP status and Twilio's code of what a fault answers.
REFUSALS = {
    "401": (401, 20003),
    "429": (429, 20429),
    "500": (500, 20500),
    "503": (503, 20503),
    "21211": (400, 21211),
    "21610": (400, 21610),
    "21614": (400, 21614),
    "21635": (400, 21635),
    "30001": (400, 30001),
}


class StandIn(ThreadingHTTPServer):
    """Everything the account holds, and what goes wrong next.

    `faults[number]` are used up one a create: a refusal, or "hang", "drop" (nothing is created);
    "created 500", "created hang", "created drop", "created torn" (it is, and we do not learn it).
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *, delay: float = 0, callbacks_to: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.delay = delay
        # Callbacks are signed for the address they were ordered at, and brought here, as by a
        # proxy.
        self.callbacks_to = callbacks_to
        # Which statuses are called back before a create is answered.
        self.before_answer: tuple[str, ...] = ()
        self.faults: dict[str, collections.deque[str]] = collections.defaultdict(collections.deque)
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.messages: list[dict[str, Any]] = []
        self.creates: collections.Counter[str] = collections.Counter()
        self.times: list[float] = []
        self.let_go = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "StandIn":
        self.thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.let_go.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that were killed or gave up are what the tests are about."""

    def add(self, to: str, body: str, **values: Any) -> dict[str, Any]:
        """A message of the account."""
        now = format_datetime(datetime.datetime.now(datetime.UTC))
        with self.lock:
            number = next(self.numbers)
            message = {
                "sid": f"SM{number:032d}",
                "account_sid": ACCOUNT,
                "to": to,
                "from": SENDER,
                "body": body,
                "direction": "outbound-api",
                "status": "queued",
                "num_segments": "1",
                "price": None,
                "price_unit": "JPY",
                "error_code": None,
                "date_created": now,
                "date_sent": None,
                "date_updated": now,
                **values,
            }
            self.messages.insert(0, message)
        return message

    def sent_to(self, number: str) -> list[dict[str, Any]]:
        return [each for each in self.messages if each["to"] == number]

    def end(self, message: dict[str, Any], status: str, code: int | None = None) -> None:
        """The message's fate, with its price."""
        message.update(status=status, error_code=code, price="-12.00")

    def call_back(self, message: dict[str, Any], status: str, code: str = "") -> int:
        """A signed status callback; the answer's HTTP status."""
        said = {
            "MessageSid": message["sid"],
            "SmsSid": message["sid"],
            "MessageStatus": status,
            "SmsStatus": status,
            "To": message["to"],
            "AccountSid": ACCOUNT,
        }
        if code:
            said["ErrorCode"] = code
        return self.bring(message["callback"], said)

    def bring(self, address: str, said: dict[str, str], *, signed: bool = True) -> int:
        """POST to an address as Twilio would, through whatever stands before the desk."""
        headers = {}
        if signed:
            signature = RequestValidator(TOKEN).compute_signature(address, said)
            headers["X-Twilio-Signature"] = signature
        target = urlsplit(self.callbacks_to or address)
        where = urlunsplit(urlsplit(address)._replace(scheme=target.scheme, netloc=target.netloc))
        request = urllib.request.Request(where, urlencode(said).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


class Handler(BaseHTTPRequestHandler):
    """Create, fetch, list."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: StandIn

    def log_message(self, *args: object) -> None:
        """Numbers and texts stay out of logs, here too."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        form = {
            key: values[0] for key, values in parse_qs(self.rfile.read(length).decode()).items()
        }
        to = form["To"]
        with self.server.lock:
            self.server.times.append(time.monotonic())
            self.server.creates[to] += 1
            faults = self.server.faults[to]
            fault = faults.popleft() if faults else ""
        if self.headers.get("Authorization") not in self.accounts():
            fault = "401"
        if fault in REFUSALS:
            self.refuse(*REFUSALS[fault])
        elif fault == "hang":
            self.server.let_go.wait(30)
        elif fault == "drop":
            self.close_connection = True
        else:
            callback = form.get("StatusCallback", "")
            created = self.server.add(to, form["Body"], callback=callback)
            if self.server.delay:
                time.sleep(self.server.delay)
            for status in self.server.before_answer:
                self.server.call_back(created, status)
            self.answer_create(created, fault)

    def answer_create(self, created: dict[str, Any], fault: str) -> None:
        """201, unless the answer is to be lost."""
        if fault == "created 500":
            self.refuse(*REFUSALS["500"])
        elif fault == "created hang":
            self.server.let_go.wait(30)
        elif fault == "created drop":
            self.close_connection = True
        elif fault == "created torn":
            self.answer(201, created, torn=True)
        else:
            self.answer(201, created)

    def do_GET(self) -> None:
        if self.headers.get("Authorization") not in self.accounts():
            self.refuse(*REFUSALS["401"])
            return
        parts = urlsplit(self.path)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with self.server.lock:
            messages = list(self.server.messages)
        name = parts.path.rpartition("/")[2].removesuffix(".json")
        if name != "Messages":
            found = next((each for each in messages if each["sid"] == name), None)
            if found is None:
                self.refuse(404, 20404)
            else:
                self.answer(200, found)
            return
        if "To" in asked:
            messages = [each for each in messages if each["to"] == asked["To"]]
        size, page = int(asked.get("PageSize", 50)), int(asked.get("Page", 0))
        rest = messages[size * (page + 1) :]
        following = f"{parts.path}?{urlencode(asked | {'Page': page + 1})}"
        self.answer(
            200,
            {
                "messages": messages[size * page : size * (page + 1)],
                "page": page,
                "page_size": size,
                "next_page_uri": following if rest else None,
            },
        )

    def accounts(self) -> set[str]:
        pairs = (f"{ACCOUNT}:{TOKEN}", "SK-of-the-tests:its-secret")
        return {"Basic " + b64encode(pair.encode()).decode() for pair in pairs}

    def refuse(self, status: int, code: int) -> None:
        self.answer(status, {"code": code, "message": "as asked for", "status": status})

    def answer(self, status: int, said: dict[str, Any], *, torn: bool = False) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if torn else body)
        self.wfile.flush()
        if torn:
            self.close_connection = True


def inbound(sender: str, body: str) -> dict[str, str]:
    """What Twilio says of a message that came in."""
    return {"MessageSid": f"SM{uuid.uuid4().hex}", "From": sender, "To": SENDER, "Body": body}


def main() -> None:
    """Serve until the input closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0)
    with StandIn(delay=parser.parse_args().delay) as standin:
        print(standin.url, flush=True)
        sys.stdin.read()
        phones = len({each["to"] for each in standin.messages})
        said = {"messages": len(standin.messages), "phones": phones, "busiest": busiest(standin)}
        print(json.dumps(said), flush=True)


def busiest(standin: StandIn) -> int:
    """How many creates came in within one second, at most."""
    most, first = 0, 0
    times = sorted(standin.times)
    for last, moment in enumerate(times):
        while times[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


if __name__ == "__main__":
    main()
