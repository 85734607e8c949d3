"""`manage.py serve`: two processes that live and end together."""

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from config.management.commands import serve

# Says its process id, then waits for the end.
WAITS = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""
# Ends as soon as the other one has said its process id.
ENDS = """
import pathlib, sys, time
while not (said := pathlib.Path(sys.argv[1])).exists() or not said.read_text():
    time.sleep(0.05)
sys.exit(3)
"""


def is_alive(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


def python(code: str, argument: Path) -> list[str]:
    return [sys.executable, "-c", code, str(argument)]


def test_a_busy_port_is_refused_with_another_one_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"make run PORT={port + 1}"):
            serve.refuse_busy_port("127.0.0.1", port)


def test_when_one_process_ends_the_other_is_stopped_and_it_is_said_which(tmp_path):
    pid_file = tmp_path / "pid"
    commands = {"web server": python(WAITS, pid_file), "worker": python(ENDS, pid_file)}
    with pytest.raises(CommandError, match=r"The worker ended by itself \(code 3\)"):
        serve.run_together(commands, dict(os.environ))
    assert not is_alive(pid_file)


def test_ctrl_c_stops_both_and_leaves_the_handlers_as_they_were(tmp_path):
    pid_files = [tmp_path / "web", tmp_path / "worker"]
    before = signal.getsignal(signal.SIGINT)

    def press_when_both_run() -> None:
        while not all(pid_file.exists() and pid_file.read_text() for pid_file in pid_files):
            pressed.wait(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    pressed = threading.Event()
    thread = threading.Thread(target=press_when_both_run)
    thread.start()
    serve.run_together(
        {pid_file.name: python(WAITS, pid_file) for pid_file in pid_files}, dict(os.environ)
    )
    thread.join()
    assert [is_alive(pid_file) for pid_file in pid_files] == [False, False]
    assert signal.getsignal(signal.SIGINT) is before
