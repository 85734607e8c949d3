"""manage.py export_curriculum FILE: the whole ladder into one workbook (docs/curriculum.md)."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classes import curriculum_files
from skill_levels import curriculum


class Command(BaseCommand):
    help = "Write levels and competencies into an Excel workbook that other cities can read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the workbook to write, .xlsx")

    def handle(self, *args: Any, **options: Any) -> None:
        ladder = curriculum.current()
        try:
            Path(options["file"]).write_bytes(curriculum_files.write(ladder))
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        self.stdout.write(f"{len(ladder.levels)} levels, {len(ladder.competencies)} competencies")
