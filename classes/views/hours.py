"""The sending hours: when messages may go out, and the days on which none does."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import hours_page
from classes.hours_page import DayOffForm, HoursForm
from classes.saving import saved
from sms import sending_hours as sms_hours
from sms.models import DayOff
from staff.access_log import record_view
from staff.requests import StaffRequest


def sending_hours(request: StaffRequest) -> HttpResponse:
    """The hours, what follows from them, and the days off (rule 51)."""
    form = HoursForm(request.POST or None, instance=hours_page.row())
    if request.method == "POST" and (row := saved(form)):
        record_view(request, [row], "sending_hours", form.changed_data)
        messages.success(request, _("Saved."))
        return redirect("sending_hours")
    return _page(request, form, DayOffForm(prefix="off"))


@require_POST
def sending_day_add(request: StaffRequest) -> HttpResponse:
    """One more day without messages."""
    form = DayOffForm(request.POST, prefix="off")
    if row := saved(form):
        record_view(request, [row], "sending_day_add", ("day", "reason"))
        return redirect("sending_hours")
    return _page(request, HoursForm(instance=hours_page.row()), form)


@require_POST
def sending_day_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Messages go out on this day after all."""
    row = get_object_or_404(DayOff, pk=pk)
    record_view(request, [row], "sending_day_remove", ("day",))
    row.delete()
    return redirect("sending_hours")


def _page(request: StaffRequest, form: HoursForm, day_form: DayOffForm) -> HttpResponse:
    now = timezone.now()
    hours = sms_hours.load()
    context = {
        "form": form,
        "day_form": day_form,
        "days_off": hours_page.days_off(now=now),
        "example": hours_page.example(hours, now=now),
        "urgent": hours_page.urgent_example(hours, now=now),
    }
    status = 422 if form.is_bound or day_form.is_bound else 200
    return render(request, "classes/sending_hours.html", context, status=status)
