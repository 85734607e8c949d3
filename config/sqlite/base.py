"""SQLite's writers in turn.

SQLite lets a writer that finds the database busy sleep and try again, longer each time, while
newcomers slip past: under eight operators one waited for seconds. Here a transaction first takes a
lock on a file beside the database, where the kernel lets those who wait go on as soon as it is
free; a process that dies lets go of it. Systems without such locks fall back on SQLite's own.
"""

import os
from typing import Any

from django.db.backends.sqlite3 import base

try:
    import fcntl
except ImportError:  # not a Unix
    fcntl = None  # type: ignore[assignment]


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that queues before BEGIN IMMEDIATE and leaves the queue at its end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._queue: int | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _take_turn(self) -> None:
        name = str(self.settings_dict["NAME"])
        if fcntl is None or self.is_in_memory_db() or self._queue is not None:
            return
        queue = os.open(f"{name}-queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(queue, fcntl.LOCK_EX)
        except BaseException:
            os.close(queue)
            raise
        self._queue = queue

    def _end_turn(self) -> None:
        if self._queue is not None:
            queue, self._queue = self._queue, None
            os.close(queue)
