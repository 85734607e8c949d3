"""manage.py import_classes FILE --intake CODE: classes from Excel, the intake made where needed."""

import datetime
import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from classes.imports import batches, class_commit
from classes.imports.new_intake import MIN_AGE, IntakeOptions, OptionsRefused, check_code
from classes.imports.problems import KINDS
from classes.management.workbook_file import open_workbook, refuse_unknown_columns
from classes.models import ImportBatch, Intake
from classes.workbooks import WorkbookRefused


def _day(text: str) -> datetime.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ArgumentTypeError(f"{text}: write a day like 2026-04-01")
    return day


def _moment(text: str) -> datetime.datetime:
    try:
        moment = parse_datetime(text) or datetime.datetime.combine(_day(text), datetime.time())
    except ValueError as error:
        raise ArgumentTypeError(f"{text}: write a time like 2026-09-01T09:00") from error
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


class Command(BaseCommand):
    help = "Bring classes in from an Excel workbook; makes the intake and the venues where needed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the workbook (.xlsx)")
        parser.add_argument("--intake", required=True, help="code of the intake, e.g. 2026-10")
        parser.add_argument(
            "--method", choices=("first-come", "first_come", "lottery"), default="first-come"
        )
        parser.add_argument("--min-age", type=int, default=MIN_AGE, help="0 for none (60)")
        parser.add_argument("--residence", help="residents of (the city); empty for anyone")
        parser.add_argument(
            "--reference-date", type=_day, help="age on (1 April of the first lesson's fiscal year)"
        )
        parser.add_argument(
            "--opens", type=_moment, help="(the 1st of the month before the first lesson, 9:00)"
        )
        parser.add_argument(
            "--closes", type=_moment, help="(the day before the first lesson, 17:00)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            result = self._import(options, now)
        except (WorkbookRefused, OptionsRefused) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False))
            return
        self._tell(result)

    def _import(
        self, options: dict[str, Any], now: datetime.datetime
    ) -> class_commit.ClassesResult:
        check_code(options["intake"])
        said = IntakeOptions(
            code=options["intake"],
            method=options["method"].replace("-", "_"),
            min_age=options["min_age"] if options["min_age"] > 0 else None,
            residence=options["residence"],
            reference_date=options["reference_date"],
            opens_at=options["opens"],
            closes_at=options["closes"],
        )
        if said.opens_at and said.closes_at and said.closes_at <= said.opens_at:
            raise OptionsRefused(_("Reception must close after it opens."))
        batch = batches.upload(
            open_workbook(options["file"]),
            kind=ImportBatch.Kind.CLASSES,
            file_name=str(options["file"]).rsplit("/", 1)[-1],
            intake=Intake.objects.filter(code=said.code).first(),
            by=None,
            now=now,
            options=said.as_json(),
        )
        try:
            refuse_unknown_columns(batch)
            return class_commit.commit_classes(batch.pk, by=None, now=now)
        except (WorkbookRefused, OptionsRefused):
            batches.discard(batch)
            raise

    def _tell(self, result: class_commit.ClassesResult) -> None:
        numbers = result.as_json()
        self.stdout.write(
            _(
                "%(rows)d rows: %(classes)d classes and %(lessons)d lessons made, "
                "%(already)d already there."
            )
            % {
                "rows": result.rows,
                "classes": len(result.class_sessions),
                "lessons": result.lessons,
                "already": result.already,
            }
        )
        for kind, count in numbers["attention"].items():
            self.stdout.write(f"  {KINDS.get(kind, kind)}: {count}")
        for difference in result.differences:
            self.stdout.write(f"  {difference}")
