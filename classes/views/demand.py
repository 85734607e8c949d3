"""Demand against seats, and one more class where it is too little."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import another_class, demand, list_freeze
from classes.models import ClassSession, Intake
from staff.requests import StaffRequest


def intake_demand(request: StaffRequest, code: str) -> HttpResponse:
    """Per level, venue and half-day: who wants what, and what one more class would do."""
    intake = get_object_or_404(Intake, code=code)
    context = {"intake": intake, "demand": demand.of(intake, now=timezone.now())}
    return render(request, "classes/intake_demand.html", context)


def class_another(request: StaffRequest, pk: int) -> HttpResponse:
    """What one more class like this one would be; and the press that makes it."""
    like = get_object_or_404(
        ClassSession.objects.running()
        .select_related("intake", "course__level__current", "venue")
        .prefetch_related("lessons", "instructors"),
        pk=pk,
    )
    now = timezone.now()
    status = 200
    if request.method == "POST":
        offers = request.POST.get("offers") == "1"
        try:
            made, asked = another_class.create(like, offers=offers, by=request.user, now=now)
        except list_freeze.ListFrozen as refused:
            messages.error(request, str(refused))
            status = 422
        else:
            said = _("%(code)s has been made; %(count)d offers were made along the lines.")
            messages.success(request, said % {"code": made.code, "count": len(asked)})
            return redirect("class_detail" if offers else "class_edit", made.pk)
    context = {"like": like, "proposal": another_class.propose(like, now=now)}
    return render(request, "classes/class_another.html", context, status=status)
