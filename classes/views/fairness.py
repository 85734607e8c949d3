"""Who applied, was seated and came, over intakes: charts, tables, and the same in Excel."""

import datetime

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import charts, fairness, sheets
from classes.intake_rules import FISCAL_YEAR_BEGINS
from classes.models import Intake
from staff.keys import posted_keys
from staff.requests import StaffRequest

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def fairness_page(request: StaffRequest) -> HttpResponse:
    """The intakes of this fiscal year unless others are ticked. It names nobody."""
    now = timezone.now()
    chosen = _chosen(request, now)
    found = fairness.of(chosen)
    kinds = (
        ("alone", _("came")),
        ("not-yet", _("had a seat, has not come")),
        ("not-seen", _("no seat")),
    )
    context = {
        "found": found,
        "chosen": {intake.pk for intake in chosen},
        "intakes": _begun(now),
        "parts": [
            (each, charts.stacked([(group.label, group.parts) for group in each.groups], kinds))
            for each in found.dimensions
        ],
        "query": "&".join(f"intake={intake.pk}" for intake in chosen),
    }
    return render(request, "classes/fairness.html", context)


def fairness_file(request: StaffRequest) -> HttpResponse:
    """The tables as a workbook, one sheet for each."""
    found = fairness.of(_chosen(request, timezone.now()))
    answer = HttpResponse(sheets.workbook(fairness.tables(found)), content_type=XLSX)
    answer["Content-Disposition"] = 'attachment; filename="fairness.xlsx"'
    return answer


def _begun(now: datetime.datetime) -> QuerySet[Intake]:
    return Intake.objects.filter(opens_at__lte=now).order_by("-opens_at", "code")


def _chosen(request: StaffRequest, now: datetime.datetime) -> list[Intake]:
    begun = _begun(now)
    ticked = posted_keys(request.GET.getlist("intake"))
    if ticked:
        return list(begun.filter(pk__in=ticked))
    today = timezone.localtime(now)
    year = today.year if today.month >= FISCAL_YEAR_BEGINS else today.year - 1
    begins = today.replace(year=year, month=FISCAL_YEAR_BEGINS, day=1, hour=0, minute=0, second=0)
    return list(begun.filter(opens_at__gte=begins))
