"""受信箱: what came in by SMS, read and answered; a number that is not to be used."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import answers, inbox, lesson_taps, message_lint, stopping, told_lately, waitlist
from classes.inbox_forms import AnswerForm, NumberAloneForm
from classes.lesson_taps import Presence
from classes.models import Attendance, Offer, Reply
from sms import outbox, segments
from sms.models import NumberSuppression
from staff.access_log import record_view
from staff.requests import StaffRequest

SHOWN_FIELDS = ("name", "phone_numbers", "replies")


def message_inbox(request: StaffRequest) -> HttpResponse:
    """What waits to be read, and what was closed lately."""
    return _listing(request, "classes/message_inbox.html")


def message_inbox_rows(request: StaffRequest) -> HttpResponse:
    """The rows anew for the page that asks now and then; 204 while nothing has changed."""
    listing = inbox.listing(now=timezone.now())
    if request.GET.get("seen") == listing.digest:
        return HttpResponse(status=204)
    return _listing(request, "classes/_message_inbox_rows.html", listing)


def message_inbox_one(request: StaffRequest, pk: int) -> HttpResponse:
    """One message within the conversation of its number."""
    return _conversation(request, _reply(pk), AnswerForm.begin())


@require_POST
def message_inbox_close(request: StaffRequest, pk: int) -> HttpResponse:
    """It was read; a note says what became of it."""
    reply = _pressed(request, pk)
    note = request.POST.get("note", "").strip()
    if inbox.close(pk, note=note, by=request.user, now=timezone.now()):
        messages.success(request, _("Closed."))
    else:
        messages.info(request, _("It had been closed already."))
    return redirect("message_inbox_one", reply.pk) if note else redirect("message_inbox")


@require_POST
def message_inbox_reopen(request: StaffRequest, pk: int) -> HttpResponse:
    """Closed too soon."""
    _pressed(request, pk)
    if inbox.reopen(pk):
        messages.success(request, _("Back in the inbox."))
    return redirect("message_inbox_one", pk)


@require_POST
def message_inbox_size(request: StaffRequest, pk: int) -> HttpResponse:
    """What the text being typed costs, and what to mind in it."""
    get_object_or_404(Reply, pk=pk)
    body = request.POST.get("body", "")
    context = {"size": segments.measure(body), "remarks": list(message_lint.in_words(body))}
    return render(request, "classes/_message_inbox_size.html", context)


@require_POST
def message_inbox_answer(request: StaffRequest, pk: int) -> HttpResponse:
    """Answer by SMS."""
    reply = _pressed(request, pk)
    form = AnswerForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            inbox.write_back(
                pk,
                data["body"],
                client_uuid=data["client_uuid"],
                by=request.user,
                now=timezone.now(),
            )
        except inbox.Stopped:
            form.add_error("body", _("Nothing may be sent to this number any more."))
        except outbox.TooLong:
            form.add_error("body", _("This text is too long."))
        else:
            messages.success(request, _("The answer waits to be sent within a minute."))
            return redirect("message_inbox_one", pk)
    return _conversation(request, reply, form)


@require_POST
def message_inbox_call(request: StaffRequest, pk: int) -> HttpResponse:
    """Put them on the call list."""
    _pressed(request, pk)
    try:
        notice = inbox.call_back(pk, by=request.user, now=timezone.now())
    except inbox.NobodyToCall:
        messages.error(request, _("It is not certain who wrote this, so nobody can be called."))
    else:
        by_post = notice.channel == notice.Channel.POST
        done = _("It is on the list of letters.") if by_post else _("It is on the call list.")
        messages.success(request, done)
    return redirect("message_inbox_one", pk)


@require_POST
def message_inbox_offer(request: StaffRequest, pk: int, offer_pk: int) -> HttpResponse:
    """Staff read it as the answer to an offer: the party takes its seats, or does not."""
    reply = _pressed(request, pk)
    offer = get_object_or_404(Offer, pk=offer_pk)
    people = told_lately.people_of(reply.inbound.sender)
    if not offer.party.applications.active().filter(learner__in=people).exists():
        messages.error(request, _("This offer is not theirs any more."))
        return redirect("message_inbox_one", pk)
    now = timezone.now()
    accepts = request.POST.get("answer") == "accepts"
    try:
        if accepts:
            answers.accept_in_writing(offer_pk, by=request.user, now=now)
        else:
            answers.decline_in_writing(offer_pk, by=request.user, now=now)
    except (waitlist.OfferClosed, waitlist.NotAnnounced):
        messages.error(request, _("This offer had been answered or had ended meanwhile."))
        return redirect("message_inbox_one", pk)
    inbox.close(pk, note="", by=request.user, now=now)
    inbox.close_for_offer(offer, by=request.user, now=now)
    done = _("The seat is theirs; they will be told.") if accepts else _("Declined.")
    messages.success(request, done)
    return redirect("message_inbox_one", pk)


@require_POST
def message_inbox_absent(request: StaffRequest, pk: int, lesson_pk: int) -> HttpResponse:
    """Staff read that they will not come to this lesson: 欠席(連絡あり)."""
    reply = _pressed(request, pk)
    now = timezone.now()
    shown = inbox.conversation(reply, now=now)
    if shown.person is None or lesson_pk not in {lesson.pk for lesson in shown.lessons}:
        messages.error(request, _("It is not certain whose lesson this is, so nothing was noted."))
        return redirect("message_inbox_one", pk)
    absent = Presence(uuid.uuid4(), shown.person.pk, status=Attendance.Status.ABSENT_TOLD)
    try:
        lesson_taps.mark(lesson_pk, absent, by=request.user, now=now)
    except (lesson_taps.NotInThisLesson, lesson_taps.CancelledByCity):
        messages.error(request, _("They hold no seat there any more, or the city cancelled it."))
    else:
        inbox.close(pk, note="", by=request.user, now=now)
        messages.success(request, _("Noted as absent with notice; the seat stays theirs."))
    return redirect("message_inbox_one", pk)


def message_inbox_number(request: StaffRequest) -> HttpResponse:
    """別の方の番号: from the number alone; the answer is the same whether it is known or not."""
    form = NumberAloneForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        e164 = form.cleaned_data["e164"]
        stop = (
            stopping.wrong_person
            if form.cleaned_data["what"] == NumberAloneForm.WRONG
            else stopping.opt_out
        )
        people = told_lately.people_of(e164)
        source = NumberSuppression.Source.DESK
        stop(e164, source=source, by=request.user, now=timezone.now())
        record_view(request, people, "number_stopped", ("sms_consent", "phone_numbers"))
        messages.success(
            request,
            _("Noted. Nothing will be sent to that number. Please apologise for the trouble."),
        )
        return redirect("message_inbox_number")
    status = 422 if form.errors else 200
    return render(request, "classes/message_inbox_number.html", {"form": form}, status=status)


def _listing(
    request: StaffRequest, template: str, listing: inbox.Listing | None = None
) -> HttpResponse:
    listing = listing or inbox.listing(now=timezone.now())
    lines = [*listing.waiting, *listing.done]
    people = [line.person for line in lines if line.person is not None]
    record_view(request, people, "message_inbox", SHOWN_FIELDS)
    return render(request, template, {"listing": listing})


def _conversation(request: StaffRequest, reply: Reply, form: AnswerForm) -> HttpResponse:
    shown = inbox.conversation(reply, now=timezone.now())
    record_view(request, shown.people, "message_conversation", SHOWN_FIELDS)
    context: dict[str, Any] = {"shown": shown, "reply": reply, "form": form}
    status = 422 if form.errors else 200
    return render(request, "classes/message_inbox_one.html", context, status=status)


def _pressed(request: StaffRequest, pk: int) -> Reply:
    """The message something is done with; that is on record under whoever it surely is."""
    reply = _reply(pk)
    match = request.resolver_match
    people = [reply.learner] if reply.learner is not None else []
    record_view(request, people, match.view_name if match else "", ("replies",))
    return reply


def _reply(pk: int) -> Reply:
    return get_object_or_404(
        Reply.objects.select_related("inbound", "learner", "closed_by", "notice"), pk=pk
    )
