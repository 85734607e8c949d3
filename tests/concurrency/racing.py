"""Two people pressing at once: threads that meet at a chosen line of the code.

With the lock held the second never reaches the meeting point while the first is inside, so the
first waits there in vain, gives up and goes on; with the lock taken away both meet, and what the
lock prevents happens every time. Nothing sleeps.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from classes import locking
from classes.models import Intake

PATIENCE = 2.0  # seconds that the first waits for a second who is held back by the lock
_ended: dict[int, threading.Event] = {}


def _press_number() -> int:
    name = threading.current_thread().name
    return int(name.removeprefix("press-")) if name.startswith("press-") else 0


class MeetingPoint:
    """Wraps a function: whoever has run it waits for the other to have run it too.

    `first` names the press that then goes on alone to its end, so that the order in which two
    unlocked presses write is the same every time.
    """

    def __init__(self, original: Callable[..., Any], *, first: int | None = None) -> None:
        self.original = original
        self.first = first
        self.barrier = threading.Barrier(2)
        self.passed = threading.local()
        self.met = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        answer = self.original(*args, **kwargs)
        if not getattr(self.passed, "once", False):
            self.passed.once = True
            try:
                self.barrier.wait(PATIENCE)
                self.met = True
            except threading.BrokenBarrierError:
                return answer
            if self.first is not None and _press_number() != self.first:
                _ended[self.first].wait(PATIENCE)
        return answer


def race(*presses: Callable[[], Any]) -> list[Any]:
    """Run the presses in threads of their own; answers, or the exceptions they ended with."""
    answers: list[Any] = [None] * len(presses)
    _ended.clear()
    _ended.update({index: threading.Event() for index in range(len(presses))})

    def run(index: int) -> None:
        try:
            answers[index] = presses[index]()
        except Exception as error:
            answers[index] = error
        finally:
            connections.close_all()
            _ended[index].set()

    threads = [
        threading.Thread(target=run, args=(index,), name=f"press-{index}")
        for index in range(len(presses))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive(), "a press hangs"
    return answers


def take_the_lock_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything as at work but FOR UPDATE; receipts far apart, so that no constraint helps."""

    def unlocked(pks: Any) -> list[Intake]:
        assert connection.in_atomic_block
        intakes = list(Intake.objects.filter(pk__in=set(pks)).order_by("pk"))
        for intake in intakes:
            intake.is_locked = True  # type: ignore[attr-defined]
            intake.next_receipt += 1000 * _press_number()
        return intakes

    monkeypatch.setattr(locking, "lock_intakes", unlocked)
