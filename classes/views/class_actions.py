"""What staff press on the page of a class; a refusal is a sentence, never an error."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from classes import (
    answers,
    cancelling,
    list_freeze,
    loan_phones,
    offers,
    seat_changes,
    steering,
    unreached,
    waitlist,
)
from classes.models import Application, ClassSession, Enrollment, Offer, Party, WaitlistEntry
from staff.access_log import record_view
from staff.keys import posted_key, posted_keys
from staff.requests import StaffRequest

REFUSALS: dict[type[Exception], Promise] = {
    steering.NoRoom: gettext_lazy(
        "That class has no seat to give: it is full, begun, or somebody waits who fits."
    ),
    ClassSession.DoesNotExist: gettext_lazy("That class does not run any more."),
    steering.NotWaiting: gettext_lazy("This place has ended meanwhile."),
    steering.NobodyServed: gettext_lazy(
        "No seat is free that anybody else could be offered now: nobody was passed over."
    ),
    steering.CannotSplit: gettext_lazy(
        "Tick those who go apart: at least one, and not all of them."
    ),
    waitlist.OfferClosed: gettext_lazy("This offer had been answered or had ended meanwhile."),
    waitlist.NotAnnounced: gettext_lazy(
        "This offer still waits: the seat before may be taken back for some minutes."
    ),
    cancelling.CannotUndo: gettext_lazy(
        "This cannot be undone any more: the time has passed, or they have registered anew."
    ),
    cancelling.AlreadyEnded: gettext_lazy("This had been cancelled already."),
    loan_phones.NoLoanPhoneLeft: gettext_lazy(
        "No loan phone is left at one of the lessons of this class."
    ),
    list_freeze.ListFrozen: gettext_lazy(
        "The list is frozen for the draw, so this cannot be changed now. Draw first, or take the "
        "freezing back."
    ),
    unreached.StillToTry: gettext_lazy(
        "The rules of this intake ask for more calls, or for calls on more days, before it passes "
        "on; or they have been told meanwhile."
    ),
    loan_phones.SeatEnded: gettext_lazy("This seat is no longer held."),
}


def _press(
    request: StaffRequest,
    class_pk: int,
    subjects: list[Model],
    action: Callable[[], object],
    done: str,
) -> HttpResponse:
    """Do it, say what was done with the sentence to read if there is one, or why not."""
    match = request.resolver_match
    record_view(request, subjects, match.view_name if match else "", ("places",))
    try:
        said = action()
    except tuple(REFUSALS) as refused:
        messages.error(request, str(REFUSALS[type(refused)]))
        return redirect("class_detail", class_pk)
    messages.success(request, done)
    if isinstance(said, str) and said:
        messages.info(request, _("Please read aloud: %(sentence)s") % {"sentence": said})
    return redirect("class_detail", class_pk)


def _reason(request: StaffRequest) -> str:
    return request.POST.get("reason", "").strip()[:200]


def _offer(pk: int) -> tuple[Offer, list[Model]]:
    offer = get_object_or_404(Offer, pk=pk)
    members = Application.objects.active().filter(party=offer.party_id).select_related("learner")
    return offer, [member.learner for member in members]


@require_POST
def offer_accept(request: StaffRequest, pk: int) -> HttpResponse:
    """They called: the party takes its seats."""
    offer, people = _offer(pk)
    now = timezone.now()
    return _press(
        request,
        offer.class_session_id,
        people,
        lambda: answers.accept_offer(pk, by=request.user, now=now),
        _("The seat is theirs."),
    )


@require_POST
def offer_decline(request: StaffRequest, pk: int) -> HttpResponse:
    """They called: they do not want the seats."""
    offer, people = _offer(pk)
    now, reason = timezone.now(), _reason(request)
    return _press(
        request,
        offer.class_session_id,
        people,
        lambda: answers.decline_offer(pk, reason=reason, by=request.user, now=now),
        _("Declined; the seat goes to the next in line."),
    )


@require_POST
def offer_told(request: StaffRequest, pk: int) -> HttpResponse:
    """The party has heard of its offer; its time runs from now (rule 29)."""
    offer, people = _offer(pk)
    now = timezone.now()
    return _press(
        request,
        offer.class_session_id,
        people,
        lambda: offers.tell(pk, told_by=Offer.ToldBy.PHONE, by=request.user, now=now),
        _("Noted: they have been told, and their time runs from now."),
    )


@require_POST
def offer_pass_on(request: StaffRequest, pk: int) -> HttpResponse:
    """They could not be reached as often as the rules say: the next in line is offered it."""
    offer, people = _offer(pk)
    now = timezone.now()
    return _press(
        request,
        offer.class_session_id,
        people,
        lambda: unreached.pass_on(pk, by=request.user, now=now),
        _("Passed on to the next in line; they keep their place."),
    )


def _entry(pk: int) -> tuple[WaitlistEntry, list[Model]]:
    entry = get_object_or_404(WaitlistEntry.objects.select_related("class_session"), pk=pk)
    members = Application.objects.active().filter(party=entry.party_id).select_related("learner")
    return entry, [member.learner for member in members]


@require_POST
def entry_pass_over(request: StaffRequest, pk: int) -> HttpResponse:
    """Serve the next party this once, with a reason (rule 27)."""
    entry, people = _entry(pk)
    now, reason, session = timezone.now(), _reason(request), entry.class_session
    if not reason:
        messages.error(request, _("Passing somebody over needs a reason. Nothing was changed."))
        return redirect("class_detail", session.pk)
    return _press(
        request,
        session.pk,
        people,
        lambda: steering.pass_over(session.intake_id, pk, reason=reason, by=request.user, now=now),
        _("Passed over this once; the place in line stays."),
    )


@require_POST
def entry_leave(request: StaffRequest, pk: int) -> HttpResponse:
    """The party no longer waits for this class; its other places stay."""
    entry, people = _entry(pk)
    now, reason, session = timezone.now(), _reason(request), entry.class_session
    return _press(
        request,
        session.pk,
        people,
        lambda: steering.leave_line(session.intake_id, pk, reason=reason, by=request.user, now=now),
        _("Taken out of this line; other places stay."),
    )


@require_POST
def party_split(request: StaffRequest, pk: int) -> HttpResponse:
    """Some members wait as a party of their own; both keep the place."""
    party = get_object_or_404(Party, pk=pk)
    leaving = posted_keys(request.POST.getlist("leaving"))
    session = get_object_or_404(ClassSession, pk=posted_key(request.POST.get("class", "")))
    members = Application.objects.active().filter(party=party).select_related("learner")
    now, reason = timezone.now(), _reason(request)
    return _press(
        request,
        session.pk,
        [member.learner for member in members],
        lambda: steering.split(
            party.intake_id, pk, leaving, reason=reason, by=request.user, now=now
        ),
        _("They wait apart now; both keep the place in line."),
    )


def _seat(pk: int) -> tuple[Enrollment, list[Model]]:
    seat = get_object_or_404(
        Enrollment.objects.select_related("application__learner", "class_session"), pk=pk
    )
    return seat, [seat.application.learner]


@require_POST
def seat_move(request: StaffRequest, pk: int) -> HttpResponse:
    """To another class of the intake that has room."""
    seat, people = _seat(pk)
    to = posted_key(request.POST.get("to", ""))
    if to is None:
        messages.error(request, _("Choose the class to move to. Nothing was changed."))
        return redirect("class_detail", seat.class_session_id)
    now, reason = timezone.now(), _reason(request)
    return _press(
        request,
        seat.class_session_id,
        people,
        lambda: seat_changes.move(pk, to, reason=reason, by=request.user, now=now),
        _("Moved."),
    )


@require_POST
def seat_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """They give the seat up; it can be taken back for some minutes (rule 30)."""
    seat, people = _seat(pk)
    now, reason = timezone.now(), _reason(request)
    return _press(
        request,
        seat.class_session_id,
        people,
        lambda: seat_changes.give_up(pk, reason=reason, by=request.user, now=now),
        _("Cancelled. It can be undone on this page for some minutes."),
    )


@require_POST
def seat_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Take the cancellation back, to the same seat (rule 30)."""
    seat, people = _seat(pk)
    now, application = timezone.now(), seat.application
    return _press(
        request,
        seat.class_session_id,
        people,
        lambda: cancelling.undo_seat(application.intake_id, pk, by=request.user, now=now),
        _("The cancellation was taken back."),
    )


@require_POST
def seat_loan_phone(request: StaffRequest, pk: int) -> HttpResponse:
    """Promise a loan phone for the whole series, or take the promise back (rule 39)."""
    seat, people = _seat(pk)
    now = timezone.now()
    if request.POST.get("promise") == "1":
        act, done = loan_phones.promise, _("A loan phone is promised.")
    else:
        act, done = loan_phones.release, _("The loan phone is free again.")
    return _press(
        request, seat.class_session_id, people, lambda: act(pk, by=request.user, now=now), done
    )
