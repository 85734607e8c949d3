"""Ending when told to: a signal is noted, and whoever pauses wakes up."""

import select
import signal
import socket
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

Handler = Callable[[int, FrameType | None], Any] | int | None


class Stopping:
    """`with Stopping() as stopping:` notes SIGTERM and SIGINT instead of dying of them."""

    def __init__(self) -> None:
        self.told = False

    def __enter__(self) -> Self:
        # The pause ends with the byte that a signal writes here. An Event set by a handler would
        # stand still for ever if the signal came while the pause holds the Event's own lock.
        self.woken, self.waker = socket.socketpair()
        self.waker.setblocking(False)
        self.wakeup_before = signal.set_wakeup_fd(self.waker.fileno())
        self.before: dict[int, Handler] = {
            number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self.wakeup_before)
        self.woken.close()
        self.waker.close()

    def pause(self, seconds: float) -> None:
        """Wait so long, or until told to stop."""
        if not self.told:
            select.select([self.woken], [], [], seconds)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.told = True
