"""The first morning: 250 callers, 40 seats, eight operators over HTTP with cookies and CSRF.

    .venv/bin/python benchmarks/rush.py [--database sqlite|postgres|both]

Starts the real server (gunicorn, 2 workers, threads) on loopback with a database of its own in a
temporary folder, and prints for each database: whole desk flows (search, card, registering POST)
as fast as they go and paced at 5 callers a second; the registering POST alone; beside them, in the
same run, a bare POST behind the same middleware and the bare booking (Django: lock, count, insert
on one row, no HTTP), with ratios; memory per worker; where the time of a registering POST goes;
and the invariants, checked afterwards. The generator runs on the same cores. Stops by itself.
"""

import argparse
import contextlib
import functools
import http.client
import os
import queue
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

OPERATORS = 8
CALLERS = 250
SEATS = (10, 10, 12, 8)
PASSWORD = "only-for-this-measurement-1"


@dataclass
class Timings:
    """Seconds of each request or flow, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    def line(self, name: str, unit: str) -> str:
        cuts = statistics.quantiles(self.seconds, n=100)
        return (
            f"  {name:<34} {self.rate:7.1f} {unit:<10} p50 {cuts[49] * 1000:6.1f} ms   "
            f"p95 {cuts[94] * 1000:6.1f} ms   max {max(self.seconds) * 1000:6.1f} ms   "
            f"errors {len(self.errors)}"
        )


class Operator:
    """One signed-in browser: one connection, its cookies and its CSRF token."""

    def __init__(self, port: int, username: str) -> None:
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookies: dict[str, str] = {}
        self.get("/sign-in/")
        status, _ = self.post("/sign-in/", {"username": username, "password": PASSWORD})
        if status != 302:
            raise RuntimeError(f"sign-in answered {status}")

    def get(self, path: str) -> tuple[int, str]:
        return self._send("GET", path, None)

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        return self._send("POST", path, urllib.parse.urlencode(fields))

    def _send(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "HX-Request": "true",
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["X-CSRFToken"] = self.cookies.get("csrftoken", "")
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        for value in response.headers.get_all("Set-Cookie") or []:
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return response.status, text


@dataclass(frozen=True)
class Addresses:
    """Where the desk of the measured intake answers."""

    search: str
    person: Callable[[str], str]
    register: str


@dataclass(frozen=True)
class Job:
    """One caller: known by the last four digits, or new."""

    number: int
    tail: str
    learner: str
    wish: str

    @property
    def is_new(self) -> bool:
        return not self.learner


def whole_flow(operator: Operator, job: Job, *, addresses: Addresses) -> None:
    """What an operator's browser asks for in one call."""
    ok(operator.post(addresses.search, {"q": job.tail}))
    if job.is_new:
        fields = {
            "first-name": f"新井 {job.number}子",
            "first-kana": "アライ " + kana(job.number),
            "first-phone": f"090-0{job.number // 10000 + 1:03d}-{job.number % 10000:04d}",
            "first-birth": "S15.3.2",
        }
    else:
        ok(operator.get(addresses.person(job.learner)))
        fields = {"learner": job.learner}
    register(operator, addresses, job, fields)


def register(
    operator: Operator, addresses: Addresses, job: Job, fields: dict[str, str] | None = None
) -> None:
    """The registering POST, whose answer must hold a sentence with a receipt number."""
    typed = {
        "call_uuid": str(uuid.uuid4()),
        "application_uuid": str(uuid.uuid4()),
        "wishes": job.wish,
        **(fields or {"learner": job.learner}),
    }
    text = ok(operator.post(addresses.register, typed))
    if "受付番号" not in text:
        raise RuntimeError("no receipt number in the answer: " + re.sub(r"\s+", " ", text)[:300])


def ok(answer: tuple[int, str]) -> str:
    status, text = answer
    if status != 200:
        raise RuntimeError(f"answered {status}")
    return text


def kana(number: int) -> str:
    """A given name of its own for each number."""
    return "".join("アイウエオカキクケコ"[int(digit)] for digit in f"{number:05d}")


def drive(
    operators: list[Operator],
    jobs: list[Job],
    work: Callable[[Operator, Job], None],
    *,
    per_second: float | None = None,
) -> Timings:
    """Let every operator take the next caller until none is left; paced, or as fast as it goes."""
    waiting: queue.SimpleQueue[tuple[float, Job]] = queue.SimpleQueue()
    start = time.perf_counter() + 0.05
    for index, job in enumerate(jobs):
        waiting.put((start + index / per_second if per_second else 0.0, job))
    timings = Timings()
    lock = threading.Lock()

    def run(operator: Operator) -> None:
        while True:
            try:
                due, job = waiting.get_nowait()
            except queue.Empty:
                return
            while (early := due - time.perf_counter()) > 0:
                time.sleep(early)
            begun = time.perf_counter()
            try:
                work(operator, job)
                problem = ""
            except (RuntimeError, OSError, http.client.HTTPException) as error:
                problem = str(error)
            with lock:
                timings.seconds.append(time.perf_counter() - begun)
                if problem:
                    timings.errors.append(problem)

    threads = [threading.Thread(target=run, args=(operator,)) for operator in operators]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timings.elapsed = time.perf_counter() - begun
    return timings


@contextlib.contextmanager
def server(environment: dict[str, str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """gunicorn with two workers of four threads, as `make run` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "4", "--worker-class", "gthread"]
    command += ["--log-level", "error", "--keep-alive", "30"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=30)


def measure(database: str, url: str) -> bool:
    """All figures of one database; True if every invariant held and nothing went wrong."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings",
        "PYTHONPATH": str(ROOT),
        "LOG_LEVEL": "ERROR",
    }
    child = [sys.executable, str(Path(__file__).resolve()), "--measure", database]
    return subprocess.run(child, env=environment, cwd=ROOT, check=False).returncode == 0


def measure_here(database: str) -> bool:
    """In a process whose settings already point at the database."""
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.bare import morning

    call_command("migrate", verbosity=0)
    print(f"\n{database}")
    held = True
    results: dict[str, Timings] = {}
    with server(dict(os.environ)) as (port, process):
        usernames = morning.operators(OPERATORS, PASSWORD)
        operators = [Operator(port, username) for username in usernames]
        runs: list[tuple[str, str, float | None]] = [
            ("whole flows", "flows/s", None),
            ("whole flows, paced at 5 a second", "flows/s", 5.0),
        ]
        for name, unit, pace in runs:
            addresses, jobs = morning.prepare(name, CALLERS, SEATS)
            flow = functools.partial(whole_flow, addresses=addresses)
            timings = drive(operators, jobs, flow, per_second=pace)
            results[name] = timings
            print(timings.line(name, unit))
            held &= report(timings, morning.problems(name))
        addresses, jobs = morning.prepare("posts", 1000, SEATS, new_share=0)
        timings = drive(operators, jobs, lambda o, j: register(o, addresses, j))
        results["registering POST alone"] = timings
        print(timings.line("registering POST alone", "POSTs/s"))
        held &= report(timings, morning.problems("posts"))
        bare = drive(operators, jobs * 2, lambda o, j: void(ok(o.post("/bare/", {"a": "b"}))))
        print(bare.line("bare POST, same middleware", "POSTs/s"))
        peaks = morning.worker_peaks(process.pid)
        print("  peak memory per worker             " + ", ".join(f"{p:.0f} MB" for p in peaks))
    booking = morning.bare_booking(1000)
    print(f"  bare booking, no HTTP              {booking:7.1f} bookings/s")
    rate = results["registering POST alone"].rate
    print(f"  registering POST / bare POST       {rate / bare.rate:7.2f}")
    print(f"  registering POST / bare booking    {rate / booking:7.2f}")
    for line in morning.where_the_time_goes():
        print("  " + line)
    return held


def void(_: str) -> None:
    """Drop an answer."""


def report(timings: Timings, problems: list[str]) -> bool:
    """Print what went wrong, if anything did."""
    for problem in [*dict.fromkeys(timings.errors), *problems]:
        print(f"    PROBLEM: {problem}")
    return not timings.errors and not problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        return 0 if measure_here(arguments.measure) else 1
    fine = True
    if arguments.database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="desk-rush-") as folder:
            fine &= measure("SQLite", f"sqlite:///{folder}/desk.sqlite3")
    if arguments.database in ("postgres", "both"):
        from tests import postgres

        try:
            with postgres.private_cluster(durable=True) as url:
                fine &= measure("PostgreSQL", url)
        except postgres.NoServerError as problem:
            print(problem)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
