"""`manage.py serve`: the desk on one machine, web server and worker as two processes."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

WEB = [sys.executable, "-m", "gunicorn", "-c", "python:config.web_server", "config.wsgi"]
WORKER = [sys.executable, "manage.py", "work"]
# Seconds in which a process finishes what it has begun before it is killed.
PATIENCE = 30


class Command(BaseCommand):
    help = "Bring the database up to date, then run web server and worker until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument(
            "--demo", action="store_true", help="build the demo city if the database is empty"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        # A signal ends the preparations too, and what was started by then.
        signal.signal(signal.SIGTERM, _interrupt)
        refuse_busy_port(host, port)
        self.prepare(demo=options["demo"])
        self.stdout.write(f"\nhttp://{host}:{port}/  (Ctrl-C stops it)\n\n")
        self.stdout.flush()
        environment = os.environ | {"HOST": host, "PORT": str(port)}
        run_together({"web server": WEB, "worker": WORKER}, environment)

    def prepare(self, *, demo: bool) -> None:
        """Tables, collected static files and, where wanted, a demo to look at."""
        database = settings.DATABASES["default"]
        if database["ENGINE"] == "config.sqlite":
            Path(database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if demo:
            call_command("demo", "--if-empty")
            call_command("demo", "--accounts")


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def refuse_busy_port(host: str, port: int) -> None:
    """Raise CommandError, saying what to do, where something else listens already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise CommandError(f"Cannot listen on {host}:{port}: {problem.strerror}.") from None
            raise CommandError(
                f"Port {port} is in use; perhaps the desk runs already. Stop that program, or "
                f"take another port: make run PORT={port + 1}"
            ) from None


def run_together(commands: dict[str, list[str]], environment: dict[str, str]) -> None:
    """Run processes until a signal stops them all, or one ends and takes the others with it.

    Raises CommandError naming the one that ended by itself.
    """
    processes: dict[str, subprocess.Popen[bytes]] = {}
    told: list[int] = []

    # Noted and looked at, not raised: an exception that comes while the interpreter tidies up is
    # swallowed there, and the press with it.
    def note(signum: int, _frame: FrameType | None) -> None:
        told.append(signum)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for name, command in commands.items():
            # In a session of its own, so that Ctrl-C reaches only us and each is told once.
            processes[name] = subprocess.Popen(  # noqa: S603 - our own two commands
                command, env=environment, cwd=settings.BASE_DIR, start_new_session=True
            )
        while not told:
            for name, process in processes.items():
                if process.poll() is not None:
                    raise CommandError(f"The {name} ended by itself (code {process.returncode}).")
            time.sleep(0.3)
    finally:
        # A second Ctrl-C is only noted too: it leaves none of them behind.
        _stop(list(processes.values()))
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
