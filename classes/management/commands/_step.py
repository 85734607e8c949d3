"""What the commands that do one step of the worker's share."""

import datetime
from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand
from django.utils import timezone

from classes import rounds
from classes.management.stopping import Stopping
from classes.work import BY_NAME

DAY_SECONDS = 24 * 60 * 60.0


class StepCommand(BaseCommand):
    """Does one step once, as `manage.py work` does in every round."""

    step: ClassVar[str]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--seconds", type=float, default=DAY_SECONDS, help="take on nothing new after so long"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with Stopping() as stopping:
            did = rounds.run_step(
                BY_NAME[self.step],
                clock=timezone.now,
                stop=lambda: stopping.told,
                longest=datetime.timedelta(seconds=options["seconds"]),
            )
        words = ", ".join(f"{word} {count}" for word, count in did.counts.items())
        self.stdout.write(f"{self.step}: {words or 'done'}")
