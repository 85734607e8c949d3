"""Whether everything runs: /healthz for a machine that watches, the status page for people."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from classes import health
from staff.requests import StaffRequest


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while all is well, else 503; ages and fixed words, nothing of anybody."""
    try:
        pulse = health.pulse(now=timezone.now())
    except (DatabaseError, InterfaceError):
        answer = {"status": "trouble", "database": "no answer", "problems": ["no database"]}
        return JsonResponse(answer, status=503)
    return JsonResponse(pulse.as_json(), status=200 if pulse.is_well else 503)


def status(request: StaffRequest) -> HttpResponse:
    """Workers, queue, the last day, what waits and what failed. Names nobody."""
    page = "classes/_status.html" if request.htmx else "classes/status.html"
    return render(request, page, {"look": health.look(now=timezone.now())})
