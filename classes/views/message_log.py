"""The message log: what was sent and received, and what it cost."""

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST

from classes import message_costs, message_log
from classes.message_log import Filters
from classes.models import Notice
from classes.planning_forms import DayInput, check_day
from sms import phone_numbers
from sms.models import OutboundMessage
from staff.access_log import record_view
from staff.requests import StaffRequest

FIELDS = ("name", "phone_numbers", "messages")


class FilterForm(forms.Form):
    """What may stand in an address: it names nobody (docs/decisions/0008)."""

    day = forms.DateField(label=_("Day"), required=False, widget=DayInput(), validators=[check_day])
    status = forms.ChoiceField(
        label=pgettext_lazy("of a message", "Status"),
        required=False,
        choices=[("", pgettext_lazy("messages", "all")), *OutboundMessage.Status.choices],
    )
    purpose = forms.ChoiceField(
        label=_("About"),
        required=False,
        choices=[("", pgettext_lazy("messages", "all")), *Notice.Purpose.choices],
    )


def message_log_page(request: StaffRequest) -> HttpResponse:
    """Messages sent, by day, status and purpose."""
    form = FilterForm(request.GET)
    filters = _filters(form)
    page = Paginator(message_log.sent(filters), message_log.PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    lines = message_log.with_people(page.object_list)
    record_view(request, message_log.people_in(lines), "message_log", FIELDS)
    context = {"form": form, "page": page, "lines": lines, "query": _query(filters)}
    return render(request, "classes/message_log.html", context)


def message_log_received(request: StaffRequest) -> HttpResponse:
    """Messages that came in, and what they were taken to mean."""
    form = FilterForm(request.GET)
    filters = Filters(day=_filters(form).day)
    page = Paginator(message_log.received(filters), message_log.PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    answers = list(page.object_list)
    record_view(request, message_log.people_in([], answers), "message_log", FIELDS)
    context = {"form": form, "page": page, "answers": answers, "query": _query(filters)}
    return render(request, "classes/message_log_received.html", context)


@require_POST
def message_log_find(request: StaffRequest) -> HttpResponse:
    """Both directions of the numbers that end in the digits typed, which stand in no address."""
    digits = phone_numbers.search_digits(request.POST.get("digits", ""))
    is_enough = len(digits) >= message_log.SHORTEST_SEARCH
    # Stored numbers have their country code for the first 0.
    ending = digits.removeprefix("0") if len(digits) > 9 else digits
    most = message_log.MOST_FOUND
    lines = message_log.with_people(message_log.sent_to(ending)[:most]) if is_enough else []
    answers = list(message_log.received_from(ending)[:most]) if is_enough else []
    record_view(request, message_log.people_in(lines, answers), "message_log_find", FIELDS)
    context = {
        "form": FilterForm(),
        "digits": request.POST.get("digits", "")[:20],
        "is_enough": is_enough,
        "lines": lines,
        "answers": answers,
        "most": most,
        "is_cut": len(lines) == most or len(answers) == most,
    }
    return render(request, "classes/message_log_found.html", context)


def message_costs_page(request: StaffRequest) -> HttpResponse:
    """What messages cost, by month and purpose. Names nobody."""
    months = message_costs.by_month(now=timezone.now())
    return render(request, "classes/message_costs.html", {"months": months})


def _filters(form: FilterForm) -> Filters:
    form.is_valid()
    chosen = form.cleaned_data
    return Filters(
        day=chosen.get("day"),
        status=chosen.get("status", ""),
        purpose=chosen.get("purpose", ""),
    )


def _query(filters: Filters) -> str:
    """The filters for the links to other pages."""
    return "&".join(f"{name}={value}" for name, value in vars(filters).items() if value)
