"""L at the desk: a few questions, a provisional level, the class that fits (rule 46)."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import desk, desk_levels
from classes.models import Intake
from classes.views.desk_answers import say
from learners.models import Learner
from skill_levels import placements
from staff.access_log import record_view
from staff.keys import posted_key
from staff.requests import StaffRequest


def desk_level(request: StaffRequest, code: str) -> HttpResponse:
    """The next question; after the last one the level, kept at once for somebody on record."""
    now = timezone.now()
    intake = get_object_or_404(Intake, code=code)
    rows = desk.class_rows(intake, now=now)
    learner = None
    if request.POST.get("learner"):
        people = Learner.objects.current().prefetch_related("phone_numbers")
        learner = get_object_or_404(people, pk=posted_key(request.POST["learner"]))
        record_view(request, [learner], "desk_level")
    elif "application_uuid" not in request.POST:
        return say(request, _("First choose a person: search, or N for somebody new."))
    try:
        answered = desk_levels.go_on(
            intake, learner, request.POST.get("said", ""), rows, by=request.user, now=now
        )
    except ValueError:
        return say(request, _("This page is out of date. Load it again."))
    context = {
        "intake": intake,
        "answered": answered,
        "card": desk.card(intake, learner, now=now) if learner and answered.levels else None,
        "replies": (
            (placements.YES, "y", _("Yes")),
            (placements.NO, "n", _("No")),
            (placements.UNSURE, "u", _("Not sure")),
        ),
    }
    return render(request, "classes/_desk_questions.html", context)
