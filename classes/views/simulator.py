"""The simulator: phones side by side, on which messages arrive and answers are typed."""

import functools
from collections.abc import Callable, Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from classes import simulator
from classes.simulator import Behaviour
from sms import phone_numbers
from staff.access_log import record_view
from staff.requests import StaffRequest

View = Callable[[StaffRequest], HttpResponse]
FIELDS = ("phone_numbers", "messages")


def only_simulated(view: View) -> View:
    """Nothing of it is there once messages go to real phones."""

    @functools.wraps(view)
    def answered(request: StaffRequest) -> HttpResponse:
        if not simulator.exists():
            raise Http404
        return view(request)

    return answered


@only_simulated
def simulator_page(request: StaffRequest) -> HttpResponse:
    """The phones last at work."""
    numbers = simulator.latest(now=timezone.now())
    record_view(request, simulator.owners(numbers), "simulator", FIELDS)
    return render(request, "classes/simulator.html", _context(numbers))


@require_POST
@only_simulated
def simulator_choose(request: StaffRequest) -> HttpResponse:
    """Other phones to look at: by their last digits, one by its whole number, or the latest."""
    shown, problem = _shown(request), ""
    if "find" in request.POST:
        digits = phone_numbers.search_digits(request.POST.get("digits", ""))
        numbers = simulator.find(digits)
        problem = "" if numbers else _("No mobile number ends in these digits.")
    elif "add" in request.POST:
        try:
            numbers = simulator.add(request.POST.get("digits", ""), shown)
        except phone_numbers.InvalidNumber as refused:
            numbers, problem = [], str(refused)
    else:
        numbers = simulator.latest(now=timezone.now())
    numbers = numbers or shown
    record_view(request, simulator.owners(numbers), "simulator_choose", FIELDS)
    return render(request, "classes/_simulator_phones.html", _context(numbers, problem=problem))


@require_POST
@only_simulated
def simulator_live(request: StaffRequest) -> HttpResponse:
    """What is on the phones now; who looks at which was recorded when they were chosen."""
    return render(request, "classes/_simulator_phones.html", _context(_shown(request)))


@require_POST
@only_simulated
def simulator_answer(request: StaffRequest) -> HttpResponse:
    """The owner answers, in words typed or chosen."""
    shown, number = _shown(request), request.POST.get("number", "")
    body = request.POST.get("quick") or request.POST.get("body", "")
    if body.strip():
        try:
            simulator.answer(number, body, shown=shown, now=timezone.now())
        except simulator.Unknown:
            raise Http404 from None
        record_view(request, simulator.owners([number]), "simulator_answer", FIELDS)
    return render(request, "classes/_simulator_phones.html", _context(shown))


@require_POST
@only_simulated
def simulator_behaviour(request: StaffRequest) -> HttpResponse:
    """What the phone does with messages from now on."""
    shown, number = _shown(request), request.POST.get("number", "")
    try:
        simulator.behave(number, request.POST.get("behaviour", ""), shown=shown)
    except simulator.Unknown:
        raise Http404 from None
    record_view(request, simulator.owners([number]), "simulator_behaviour", FIELDS)
    response = render(request, "classes/_simulator_phones.html", _context(shown))
    return trigger_client_event(response, "announce", {"value": _("Saved.")})


def _shown(request: StaffRequest) -> list[str]:
    try:
        return simulator.unseal(request.POST.get("shown", ""))
    except simulator.Unknown:
        raise Http404 from None


def _context(numbers: Sequence[str], *, problem: str = "") -> dict[str, object]:
    return {
        "phones": simulator.phones(numbers, now=timezone.now()),
        "shown": simulator.seal(numbers),
        "behaviours": Behaviour.choices,
        "quick_answers": simulator.QUICK_ANSWERS,
        "longest": simulator.LONGEST_ANSWER,
        "problem": problem,
    }
