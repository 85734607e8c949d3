"""Where each role starts."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from staff.requests import StaffRequest
from staff.roles import ADMINISTRATOR, COORDINATOR, INSTRUCTOR, RECEPTION

# The first role that a person holds decides.
START_PAGES = {
    RECEPTION: "desk",
    COORDINATOR: "intake_list",
    ADMINISTRATOR: "intake_list",
    INSTRUCTOR: "lesson_list",
}


def home(request: StaffRequest) -> HttpResponse:
    """Go to the page where this person's work begins."""
    for role, route in START_PAGES.items():
        if request.user.has_role(role):
            try:
                return redirect(reverse(route))
            except NoReverseMatch:
                break
    return render(request, "home.html")
