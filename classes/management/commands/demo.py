"""manage.py demo: a believable city, in the middle of its work today; says who may sign in."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from classes.demo import accounts, build, state


class Command(BaseCommand):
    help = "Build the demo city, relative to today, or say who may sign in to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing if there is any intake or learner"
        )
        parser.add_argument(
            "--fresh", action="store_true", help="take the demo away and build it anew"
        )
        parser.add_argument(
            "--force", action="store_true", help="with --fresh: even where real data stands"
        )
        parser.add_argument(
            "--accounts", action="store_true", help="say who may sign in, and with which password"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["accounts"]:
            self.say_accounts()
            return
        if options["if_empty"] and not state.is_empty():
            return
        self.refuse(**options)
        began = time.monotonic()
        now = timezone.now()
        make = build.build if state.is_empty() else build.rebuild
        self.say_summary(make(now=now), seconds=time.monotonic() - began)
        if not options["if_empty"]:
            self.say_accounts()

    def refuse(self, *, fresh: bool, force: bool, **_options: Any) -> None:
        """Raise CommandError where something could be lost, or everybody could sign in."""
        if state.has_live_account():
            raise CommandError(
                "TWILIO_ACCOUNT_SID is set: messages would go to real phones, and the demo's "
                "numbers may be somebody's. Leave out every TWILIO_ setting. Nothing was changed."
            )
        if force and fresh:
            return
        if settings.HTTPS:
            raise CommandError(
                "HTTPS is on, so this is a desk at work: accounts whose password everybody can "
                "read do not belong here. Nothing was changed."
            )
        if state.is_empty() or (fresh and state.is_demo()):
            return
        if fresh:
            raise CommandError(
                "This database holds intakes or learners that are not the demo's. Nothing was "
                "changed. To delete them all for a new demo: make fresh FORCE=1"
            )
        raise CommandError(
            "This database is not empty. Nothing was changed. To build the demo anew: make fresh"
        )

    def say_summary(self, built: build.Summary, *, seconds: float) -> None:
        self.stdout.write(
            f"The demo city stands, as of this minute ({seconds:.0f} s): {built.people} people, "
            f"{built.venues} venues, {built.intakes} intakes with {built.class_sessions} classes, "
            f"{built.lessons_today} lesson today.\n"
            f"{built.applications} applications: {built.seats} seats held, {built.waiting} places "
            f"in line, {built.offers} offers open; {built.calls_in} calls came in, "
            f"{built.calls_to_make} are to be made."
        )

    def say_accounts(self) -> None:
        """A table of who may sign in; nothing where the demo is not what stands here."""
        found = accounts.able_to_sign_in() if state.is_demo() else []
        if not found:
            self.stdout.write("There is no demo in this database.")
            return
        self.stdout.write(f"\n{'user name':12}{'password':20}{'role':16}name")
        for account, password in found:
            shown = password or "(changed)"
            self.stdout.write(f"{account.username:12}{shown:20}{account.role:16}{account.name}")
