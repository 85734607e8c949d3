"""manage.py work: announces offers, ends those whose time has passed, watches the lines."""

import logging
import select
import signal
import socket
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone

from classes import work

logger = logging.getLogger("work")
LONGEST_PAUSE = 60


class Command(BaseCommand):
    help = "Announce and expire offers and watch the lines, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then end")
        parser.add_argument("--interval", type=float, default=10, help="seconds between rounds")

    def handle(self, *args: Any, **options: Any) -> None:
        self.still_red: tuple[str, ...] = ()
        if options["once"]:
            self.do_round()
            return
        self.ends = False

        def end(_signal: int, _frame: FrameType | None) -> None:
            self.ends = True

        # The pause ends with the byte that a signal writes here. An Event set by a handler would
        # stand still for ever if the signal came while the pause holds the Event's own lock.
        woken, waker = socket.socketpair()
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        logger.info("work begins")
        failures = 0
        while not self.ends:
            try:
                self.do_round()
                failures = 0
            except (DatabaseError, InterfaceError) as error:
                failures += 1
                # The kind only: what a database says may quote rows.
                logger.error("round %d failed: %s", failures, type(error).__name__)
                connections.close_all()
            if not self.ends:
                select.select([woken], [], [], self.pause(options["interval"], failures))
        signal.set_wakeup_fd(-1)
        woken.close()
        waker.close()
        logger.info("work ends")

    @staticmethod
    def pause(interval: float, failures: int) -> float:
        """Seconds until the next round: longer after each failure in a row."""
        return min(interval * 2.0**failures, max(LONGEST_PAUSE, interval))

    def do_round(self) -> None:
        done = work.do_round(now=timezone.now())
        if done.did_something:
            logger.info(
                "announced %d, expired %d, to letters %d, tasks done %d",
                done.announced,
                done.expired,
                done.rerouted,
                done.finished,
            )
        red = tuple(f"{s.intake.code}/{s.code}" for s in done.standing_still)
        if red and red != self.still_red:
            logger.warning("standing still: %s", ", ".join(red))
        self.still_red = red
