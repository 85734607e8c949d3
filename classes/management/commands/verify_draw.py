"""`manage.py verify_draw FILE`: does a proof say what the draw gives? Needs no database."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from classes.lottery import proof


class Command(BaseCommand):
    """Draw again from the list and the seed of a proof file and compare every line of it."""

    help = "Repeat a draw from its proof file and say what differs (docs/draw-proof.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the proof, as downloaded (JSON)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit status 0 where the proof is right, 1 where anything differs."""
        path: Path = options["file"]
        try:
            document = proof.read(path.read_bytes())
            found = proof.differences(document)
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be read: %(why)s.") % {"file": path, "why": error.strerror}
            ) from error
        except proof.NotAProof as error:
            raise CommandError(str(error)) from error
        if found:
            for line in found:
                self.stderr.write(line)
            raise CommandError(
                ngettext(
                    "The proof is WRONG: %(n)d difference.",
                    "The proof is WRONG: %(n)d differences.",
                    len(found),
                )
                % {"n": len(found)}
            )
        parties = document["list"]["parties"]
        self.stdout.write(
            _("The proof is right: intake %(intake)s, list %(number)s, %(parties)d parties.")
            % {
                "intake": document["list"].get("intake"),
                "number": document["list"].get("number"),
                "parties": len(parties),
            }
        )
        self.stdout.write(_("SHA-256 of the list: %(hash)s") % {"hash": document["list_sha256"]})
        self.stdout.write(
            _("Seed: %(seed)s") % {"seed": document["seed"]}
            if document["seed"] is not None
            else _("No seed was needed: every class had room for all its first choices.")
        )
