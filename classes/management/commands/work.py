"""manage.py work: the one worker; does every step of a round, again and again."""

import logging
import os
import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError
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
        with Stopping() as stopping:
            Worker(stopping).work(interval=options["interval"], once=options["once"])


class Worker:
    """One running worker: does rounds, leaves signs of life, ends when told to."""

    def __init__(self, stopping: Stopping) -> None:
        self.stopping = stopping
        self.name = f"{socket.gethostname()}:{os.getpid()}"[:80]
        self.warned: tuple[str, ...] = ()
        self.last_beat = timezone.now()

    def work(self, *, interval: float, once: bool) -> None:
        """Rounds until told to stop, or one."""
        logger.info("work begins")
        self.sign(heartbeats.begin)
        failures = 0
        while not self.stopping.told:
            done = self.do_round()
            failures = failures + 1 if done.failed else 0
            self.sign(heartbeats.end_round, failed=bool(done.failed))
            if once:
                break
            more = done.more_is_due and not done.failed
            self.stopping.pause(BREATH if more else pause(interval, failures))
        self.sign(heartbeats.end)
        logger.info("work ends")

    def do_round(self) -> rounds.Round:
        """One round; a warning is said when it was not said of the round before."""
        rounds.renew_connections()
        done = rounds.run(STEPS, clock=timezone.now, stop=self.must_stop)
        for warning in done.warnings:
            if warning not in self.warned:
                logger.warning(warning)
        self.warned = done.warnings
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
            rounds.renew_connections()


def pause(interval: float, failures: int) -> float:
    """Seconds until the next round: longer after each failure in a row."""
    return min(interval * 2.0**failures, max(LONGEST_PAUSE, interval))
