"""Cohorts: what one class, or one intake, has led to; charts with their tables."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from classes import charts, cohorts, teaching
from classes.cohorts import Cohort
from classes.models import ClassSession, Intake, Lesson
from staff import roles
from staff.access_log import record_view
from staff.requests import StaffRequest

LONGEST_AWAY = 730
PLANNERS = (roles.COORDINATOR, roles.ADMINISTRATOR)


def class_cohort(request: StaffRequest, pk: int) -> HttpResponse:
    """One class; instructors see their own (rule 65)."""
    now = timezone.now()
    session = get_object_or_404(
        ClassSession.objects.select_related("course__level__current", "intake", "venue"), pk=pk
    )
    mine = Lesson.objects.filter(class_session=session) & teaching.lessons_of(request.user, now=now)
    if not request.user.has_role(*PLANNERS) and not mine.exists():
        raise Http404
    days = _days(request)
    cohort = cohorts.of_class(session, now=now, away_days=days)
    return _page(request, cohort, days, session=session)


def intake_cohort(request: StaffRequest, code: str) -> HttpResponse:
    """Everybody who holds a seat in an intake."""
    intake = get_object_or_404(Intake, code=code)
    days = _days(request)
    cohort = cohorts.of_intake(intake, now=timezone.now(), away_days=days)
    return _page(request, cohort, days, intake=intake)


def _page(request: StaffRequest, cohort: Cohort, days: int, **about: Any) -> HttpResponse:
    record_view(request, [each.learner for each in cohort.away], "cohort", ("name", "last_seen"))
    context = {
        **about,
        "cohort": cohort,
        "days": days,
        "levels_chart": charts.stacked(
            [
                row
                for level in cohort.levels
                for row in (
                    (_("%(level)s, before") % {"level": level.title}, (level.before, 0)),
                    (_("%(level)s, after") % {"level": level.title}, (0, level.after)),
                )
            ],
            (("before", _("before")), ("after", _("after"))),
        ),
        "missed_chart": charts.stacked(
            [
                (each.competency.title, (each.alone, each.not_yet, each.not_seen))
                for each in cohort.missed
            ],
            (
                ("alone", _("alone")),
                ("not-yet", _("not yet alone")),
                ("not-seen", pgettext("cohort", "not looked at")),
            ),
        ),
        "months_chart": charts.stacked(
            [(f"{month.first_day:%Y/%m}", month.reached) for month in cohort.months],
            tuple((f"level-{place}", title) for place, title in enumerate(cohort.level_titles)),
        ),
    }
    return render(request, "classes/cohort.html", context)


def _days(request: StaffRequest) -> int:
    """How many days away count; what cannot be read counts as usual."""
    typed = request.GET.get("days", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 5):
        return cohorts.AWAY_DAYS
    return min(max(int(typed), 1), LONGEST_AWAY)
