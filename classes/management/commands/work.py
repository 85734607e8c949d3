"""manage.py work: the one worker; does every step of a round, again and again."""

import logging
import os
import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from classes import heartbeats, rounds
from classes.management.stopping import Stopping
from classes.work import STEPS

logger = logging.getLogger("work")
LONGEST_PAUSE = 60
# While more is due there is no pause, but never a round upon the other without a breath.
BREATH = 0.05


class Command(BaseCommand):
    help = "Offers, reminders, messages and their answers: all that time sets going, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then end")
        parser.add_argument("--interval", type=float, default=10, help="seconds between rounds")

    def handle(self, *args: Any, **options: Any) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"[:80]
        self.still_red: tuple[str, ...] = ()
        self.last_beat = timezone.now()
        with Stopping() as self.stopping:
            logger.info("work begins")
            self.sign(heartbeats.begin)
            failures = 0
            while not self.stopping.told:
                done = self.do_round()
                failures = failures + 1 if done.failed else 0
                self.sign(heartbeats.end_round, failed=bool(done.failed))
                if options["once"]:
                    break
                if done.more_is_due and not done.failed:
                    self.stopping.pause(BREATH)
                else:
                    self.stopping.pause(self.pause(options["interval"], failures))
            self.sign(heartbeats.end)
            logger.info("work ends")

    @staticmethod
    def pause(interval: float, failures: int) -> float:
        """Seconds until the next round: longer after each failure in a row."""
        return min(interval * 2.0**failures, max(LONGEST_PAUSE, interval))

    def do_round(self) -> rounds.Round:
        """One round; says which lines stand still when others do than before."""
        close_old_connections()
        done = rounds.run(STEPS, clock=timezone.now, stop=self.must_stop)
        if done.standing_still and done.standing_still != self.still_red:
            logger.warning("standing still: %s", ", ".join(done.standing_still))
        self.still_red = done.standing_still
        return done

    def must_stop(self) -> bool:
        """Whether somebody said so; asked between two pieces of work, it leaves a sign of life."""
        if timezone.now() - self.last_beat >= heartbeats.EVERY:
            self.sign(heartbeats.beat)
        return self.stopping.told

    def sign(self, how: Any, **more: Any) -> None:
        """Leave a sign of life; where the database is away the work itself says so."""
        self.last_beat = now = timezone.now()
        try:
            how(self.name, now=now, **more)
        except (DatabaseError, InterfaceError) as error:
            logger.error("no sign of life: %s", rounds.describe(error))
            close_old_connections()
