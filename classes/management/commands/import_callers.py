"""manage.py import_callers FILE --intake CODE: callers from Excel get seats or places in line."""

import datetime
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from classes.imports import batches, commit
from classes.imports.problems import KINDS
from classes.management.workbook_file import open_workbook, refuse_unknown_columns
from classes.models import ImportBatch, Intake
from classes.workbooks import WorkbookRefused
from staff import access_log


class Command(BaseCommand):
    help = "Bring callers in from an Excel workbook; doubtful rows wait on the import page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the workbook (.xlsx)")
        parser.add_argument("--intake", required=True, help="code of the intake, e.g. 2026-10")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, keep nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        intake = Intake.objects.filter(code=options["intake"]).first()
        if intake is None:
            raise CommandError(
                _("There is no intake %(code)s. Bring its classes in first (import_classes).")
                % {"code": options["intake"]}
            )
        if not intake.class_sessions.filter(cancelled_at__isnull=True).exists():
            raise CommandError(
                _("The intake %(code)s has no classes. Bring them in first (import_classes).")
                % {"code": intake.code}
            )
        try:
            data = open_workbook(options["file"])
            result = self._import(data, intake, options, now)
        except WorkbookRefused as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False))
            return
        self._tell(result)

    def _import(
        self, data: bytes, intake: Intake, options: dict[str, Any], now: datetime.datetime
    ) -> commit.Result:
        if not options["dry_run"]:
            return self._bring_in(data, intake, options["file"], now)
        with transaction.atomic():
            result = self._bring_in(data, intake, options["file"], now)
            transaction.set_rollback(True)
        return result

    def _bring_in(
        self, data: bytes, intake: Intake, file: str, now: datetime.datetime
    ) -> commit.Result:
        batch = batches.upload(
            data,
            kind=ImportBatch.Kind.CALLERS,
            file_name=file.rsplit("/", 1)[-1],
            intake=intake,
            by=None,
            now=now,
        )
        try:
            refuse_unknown_columns(batch)
        except WorkbookRefused:
            batches.discard(batch)
            raise
        result = commit.commit(batch.pk, by=None, now=now)
        access_log.record(
            who=None,
            now=now,
            route="import_callers",
            purpose="import",
            subjects=[batch],
        )
        return result

    def _tell(self, result: commit.Result) -> None:
        numbers = result.as_json()
        self.stdout.write(
            _(
                "%(rows)d rows: %(enrolled)d seated, %(waitlisted)d in line, "
                "%(applied)d in the lottery, %(duplicates)d called twice, "
                "%(already_imported)d already brought in."
            )
            % numbers
        )
        for kind, count in numbers["attention"].items():
            self.stdout.write(f"  {KINDS.get(kind, kind)}: {count}")
