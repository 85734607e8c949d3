"""manage.py import_curriculum FILE [--apply]: what a workbook would change, or change it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from classes import curriculum_files
from classes.management.workbook_file import open_workbook
from classes.workbooks import WorkbookRefused
from skill_levels import curriculum


class Command(BaseCommand):
    help = "Show how a workbook differs from the ladder here; --apply makes the ladder say it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the workbook, .xlsx")
        parser.add_argument("--apply", action="store_true", help="save the differences")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            new = curriculum_files.read(open_workbook(options["file"]))
        except WorkbookRefused as refused:
            raise CommandError(str(refused)) from None
        changes = curriculum.differences(curriculum.current(), new)
        if options["apply"]:
            changes = curriculum.save(new, by=None, now=timezone.now())
        for change in changes:
            what = "level" if change.is_level else "competency"
            self.stdout.write(f"{change.kind:8} {what:10} {change.code}  {change.title}")
            for label, before, after in change.fields:
                self.stdout.write(f"           {label}: {before} → {after}")
        if not changes:
            self.stdout.write("The ladder says the same.")
        elif not options["apply"]:
            self.stdout.write("Nothing was changed. Run it again with --apply.")
