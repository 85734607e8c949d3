"""The intake board: large live figures, and a press where a line stands still."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from classes import added_class, board, list_freeze, steering
from classes.models import ClassSession, Intake
from staff.requests import StaffRequest


def intake_board(request: StaffRequest, code: str) -> HttpResponse:
    """The figures of one intake. They name nobody."""
    intake = get_object_or_404(Intake, code=code)
    context = {"board": board.board(intake, now=timezone.now()), "now": timezone.now()}
    return render(request, "classes/intake_board.html", context)


def intake_board_live(request: StaffRequest, code: str) -> HttpResponse:
    """The figures anew, for the page that asks now and then."""
    intake = get_object_or_404(Intake, code=code)
    context = {"board": board.board(intake, now=timezone.now()), "now": timezone.now()}
    return render(request, "classes/_board.html", context)


@require_POST
def intake_offer_all(request: StaffRequest, code: str) -> HttpResponse:
    """Offer every freed seat of the intake along its lines, in one press (rules 29 and 37)."""
    intake = get_object_or_404(Intake, code=code)
    made = steering.offer_all_by_press(intake.pk, by=request.user, now=timezone.now())
    _say_how_many(request, len(made))
    return redirect("intake_board", code)


@require_POST
def class_open_to_lines(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask everybody who waits for this level whether they would come here."""
    session = get_object_or_404(ClassSession, pk=pk)
    try:
        made = added_class.open_to_lines(pk, by=request.user, now=timezone.now())
    except list_freeze.ListFrozen as refused:
        messages.error(request, str(refused))
    else:
        _say_how_many(request, len(made))
    return redirect("class_detail", session.pk)


@require_POST
def class_offer(request: StaffRequest, pk: int) -> HttpResponse:
    """Offer the free seats along the line now (rules 29 and 37)."""
    session = get_object_or_404(ClassSession, pk=pk)
    made = steering.offer_by_press(session.intake_id, pk, by=request.user, now=timezone.now())
    _say_how_many(request, len(made))
    if request.POST.get("back") == "board":
        return redirect("intake_board", session.intake.code)
    return redirect("class_detail", pk)


def _say_how_many(request: StaffRequest, made: int) -> None:
    if made:
        words = ngettext("%(count)d offer was made.", "%(count)d offers were made.", made)
        messages.success(request, words % {"count": made})
    else:
        messages.warning(
            request,
            _("There is nothing to offer: no free seat, nobody it fits, or it is too late."),
        )
