"""Courses: what is taught, at which level."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from classes.models import Course
from classes.planning_forms import CourseForm
from classes.saving import saved
from staff.requests import StaffRequest


def course_list(request: StaffRequest) -> HttpResponse:
    """Every course, lowest level first."""
    courses = Course.objects.select_related("level__current")
    return render(request, "classes/course_list.html", {"courses": courses})


def course_create(request: StaffRequest) -> HttpResponse:
    """A new course."""
    return _edit(request, None)


def course_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a course."""
    return _edit(request, get_object_or_404(Course, pk=pk))


def _edit(request: StaffRequest, course: Course | None) -> HttpResponse:
    form = CourseForm(
        request.POST or None, instance=Course.objects.get(pk=course.pk) if course else None
    )
    if request.method == "POST" and saved(form):
        messages.success(request, _("Saved."))
        return redirect("course_list")
    context = {"form": form, "course": course}
    status = 422 if form.is_bound else 200
    return render(request, "classes/course_form.html", context, status=status)
