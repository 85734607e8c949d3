"""What one lesson looks at, and who stands in for its instructor."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import lesson_board, teaching
from classes.models import Lesson
from skill_levels.models import Competency
from staff import roles
from staff.keys import posted_keys
from staff.models import StaffMember
from staff.requests import StaffRequest

PLANNERS = (roles.COORDINATOR, roles.ADMINISTRATOR)


def lesson_settings(request: StaffRequest, pk: int) -> HttpResponse:
    """Competencies of any taught level, those of the course's level ticked unless chosen."""
    lesson = _lesson(request, pk)
    if request.method == "POST":
        lesson_board.choose_competencies(lesson, posted_keys(request.POST.getlist("competency")))
        messages.success(request, _("Saved."))
        return redirect("lesson_board", lesson.pk)
    chosen = {competency.pk for competency in lesson_board.competencies_of(lesson)}
    context = {
        "lesson": lesson,
        "session": lesson.class_session,
        "competencies": [
            (competency, competency.pk in chosen)
            for competency in Competency.objects.current().filter(level__is_taught=True)
        ],
        "substitutes": lesson.substitutes.select_related("instructor"),
        "may_plan": request.user.has_role(*PLANNERS),
        "instructors": StaffMember.objects.filter(
            groups__name=roles.INSTRUCTOR, is_active=True
        ).order_by("name", "username"),
    }
    return render(request, "classes/lesson_settings.html", context)


def lesson_substitute(request: StaffRequest, pk: int) -> HttpResponse:
    """Add or remove somebody who stands in at this one lesson (rule 65)."""
    lesson = _lesson(request, pk)
    remove = posted_keys([request.POST.get("remove", "")])
    if remove:
        teaching.remove_substitute(remove[0], lesson)
        messages.success(request, _("Removed."))
        return redirect("lesson_settings", lesson.pk)
    chosen = posted_keys([request.POST.get("instructor", "")])
    member = StaffMember.objects.filter(pk__in=chosen, is_active=True).first()
    try:
        if member is None:
            raise teaching.NotAnInstructor
        teaching.add_substitute(lesson, member, by=request.user, now=timezone.now())
        messages.success(request, _("They see this lesson until midnight of its day."))
    except teaching.NotAnInstructor:
        messages.error(request, _("Choose an instructor."))
    return redirect("lesson_settings", lesson.pk)


def _lesson(request: StaffRequest, pk: int) -> Lesson:
    """The lesson if one may open it. Raises Http404 (rule 65)."""
    lesson = (
        teaching.lessons_of(request.user, now=timezone.now())
        .select_related("class_session__course__level", "class_session__intake", "venue")
        .filter(pk=pk)
        .first()
    )
    if lesson is None:
        raise Http404
    return lesson
