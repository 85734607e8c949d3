"""The desk's single keys: earlier sentences, another wish, cancel, offers, undo, a call's end."""

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from classes import call_log, cancelling, desk, desk_actions, list_freeze, waitlist
from classes.models import Application, Intake, Offer
from classes.views.desk_answers import say, show_answer, show_sentence
from learners.models import Learner
from staff.access_log import record_view
from staff.requests import StaffRequest


def desk_history(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """H: where the person stands now, to be read aloud, and what was read before (rule 19)."""
    now = timezone.now()
    intake = get_object_or_404(Intake, code=code)
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    record_view(request, [learner], "desk_history")
    past = desk.past_sentences(learner)
    application = desk.applications_here(intake, [learner]).get(learner.pk)
    sentence = ""
    if application is not None:
        application.learner = learner
        sentence = desk_actions.tell_standing(intake, application, by=request.user, now=now)
    context = {"sentence": sentence, "past": past, "learner": learner, "application": application}
    return render(request, "classes/_desk_history.html", context)


def desk_add_wish(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """W: the chosen classes for somebody who has an application."""
    now = timezone.now()
    application = _application(code, pk)
    wishes = [int(part) for part in request.POST.get("wishes", "").split(",") if part.isdecimal()]
    if not wishes:
        return say(request, _("First choose the class to add with its digit, then press W."))
    try:
        answer = desk_actions.add_wishes(
            application.intake,
            application,
            wishes,
            call_uuid=_call_uuid(request),
            by=request.user,
            now=now,
        )
    except list_freeze.ListFrozen as error:
        return say(request, str(error))
    except (Application.DoesNotExist, ValueError):
        return say(request, _("This application or class has changed meanwhile. Choose once more."))
    record_view(request, [application.learner], "desk_add_wish")
    return show_answer(request, application.intake, answer, wishes=wishes)


def desk_cancel(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """C: asks once, then cancels the application."""
    application = _application(code, pk)
    if not request.POST.get("confirmed"):
        return render(request, "classes/_desk_confirm_cancel.html", {"application": application})
    try:
        sentence = desk_actions.cancel(
            application.intake,
            application,
            call_uuid=_call_uuid(request),
            by=request.user,
            now=timezone.now(),
        )
    except cancelling.AlreadyEnded:
        return say(request, _("This application was cancelled before."))
    record_view(request, [application.learner], "desk_cancel")
    return show_sentence(request, application.intake, [application], _("Cancelled"), sentence)


def desk_restore(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """R: takes a cancellation back, within the undo window (rule 30)."""
    application = _application(code, pk)
    try:
        sentence = desk_actions.restore(
            application.intake, application, by=request.user, now=timezone.now()
        )
    except cancelling.CannotUndo:
        return say(request, _("The cancellation can no longer be taken back. Register anew."))
    record_view(request, [application.learner], "desk_restore")
    return show_sentence(
        request, application.intake, [application], _("Cancellation taken back"), sentence
    )


def desk_answer_offer(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """A or D: the caller takes or declines the seats that are kept for them."""
    intake = get_object_or_404(Intake, code=code)
    offer = get_object_or_404(
        Offer.objects.select_related("class_session"), pk=pk, class_session__intake=intake
    )
    party = list(
        Application.objects.active()
        .select_related("learner")
        .filter(party=offer.party_id)
        .order_by("number")
    )
    accepts = request.POST.get("answer") == "accept"
    if not party:
        return say(request, _("This offer has ended."))
    for application in party:
        application.intake = intake
    try:
        sentence = desk_actions.answer_offer(
            intake,
            offer,
            party[0],
            accepts=accepts,
            call_uuid=_call_uuid(request),
            by=request.user,
            now=timezone.now(),
        )
    except waitlist.OfferClosed:
        return say(request, _("This offer has ended."))
    except waitlist.NotAnnounced:
        return say(request, _("This seat still waits for a cancellation's undo time. Call back."))
    record_view(request, [application.learner for application in party], "desk_offer")
    title = _("Offer accepted") if accepts else _("Offer declined")
    return show_sentence(request, intake, party, title, sentence)


def desk_undo(request: StaffRequest, code: str) -> HttpResponse:
    """U: shows what would be undone; pressed again, undoes it."""
    now = timezone.now()
    intake = get_object_or_404(Intake, code=code)
    try:
        latest = desk_actions.undoable(request.user, intake, now=now)
        if request.POST.get("confirmed") != str(latest.call.pk):
            return render(
                request, "classes/_desk_confirm_undo.html", {"intake": intake, "latest": latest}
            )
        undone = desk_actions.undo(latest, intake, by=request.user, now=now)
    except desk_actions.NothingToUndo:
        return say(request, _("There is nothing of yours left to undo."))
    except (cancelling.CannotUndo, cancelling.AlreadyEnded, call_log.NotYours):
        return say(request, _("This can no longer be undone."))
    record_view(request, [a.learner for a in undone.applications], "desk_undo")
    words = {
        "retract": _("The registration was taken back; the number is not used again."),
        "unanswer": _("The answer to the offer was taken back."),
        "uncount": _("The call is no longer counted."),
    }
    return show_sentence(
        request,
        intake,
        undone.applications,
        _("Undone"),
        undone.sentence,
        words.get(undone.kind, ""),
    )


def desk_end_call(request: StaffRequest, code: str) -> HttpResponse:
    """Q, X, B, Z: count a call that ends without a registration (rule 18)."""
    intake = get_object_or_404(Intake, code=code)
    learner = request.POST.get("learner", "")
    wish = request.POST.get("wishes", "").split(",")[0]
    try:
        call_log.end_without_registration(
            intake,
            request.POST.get("outcome", ""),
            client_uuid=_call_uuid(request),
            by=request.user,
            now=timezone.now(),
            learner_pk=int(learner) if learner.isdecimal() else None,
            class_session_pk=int(wish) if wish.isdecimal() else None,
        )
    except call_log.ReceptionIsOpen:
        return say(request, _("Reception is open: this call was not counted."))
    except ValueError:
        return say(request, _("This application or class has changed meanwhile. Choose once more."))
    response = say(request, _("Counted. Next call."))
    trigger_client_event(response, "desk-changed")
    return trigger_client_event(response, "desk-next")


def _application(code: str, pk: int) -> Application:
    application: Application = get_object_or_404(
        Application.objects.select_related("learner", "intake"), pk=pk, intake__code=code
    )
    return application


def _call_uuid(request: StaffRequest) -> uuid.UUID:
    """The call this belongs to; without one it is a call of its own."""
    try:
        return uuid.UUID(request.POST.get("call_uuid", ""))
    except ValueError:
        return uuid.uuid4()
