"""The call list: take a call, read, say how it ended, take the next; by keyboard alone."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import call_attempts, call_list, calls, posting, steering, unreached
from classes.call_forms import AttemptForm, sign_sentence
from classes.models import CallTask, Offer
from staff.access_log import record_view
from staff.requests import StaffRequest

CALLED_FIELDS = ("name", "kana", "phone_numbers")


def call_list_page(request: StaffRequest) -> HttpResponse:
    """The list, and the call in hand where there is one."""
    context = _desk(request)
    record_view(request, call_list.learners(context["listing"].rows), "call_list", CALLED_FIELDS)
    return render(request, "classes/call_list.html", context)


def call_rows(request: StaffRequest) -> HttpResponse:
    """The rows anew for the page that asks now and then; 204 while nothing has changed."""
    listing = call_list.listing(request.user, now=timezone.now())
    if request.GET.get("seen") == listing.digest:
        return HttpResponse(status=204)
    record_view(request, call_list.learners(listing.rows), "call_list", CALLED_FIELDS)
    return render(request, "classes/_call_rows.html", {"listing": listing})


def call_list_print(request: StaffRequest) -> HttpResponse:
    """The whole list on paper, with boxes to tick."""
    now = timezone.now()
    printed = call_list.printed(now=now)
    people = [task.notice.learner for task, _why in printed]
    record_view(request, people, "call_list_print", CALLED_FIELDS)
    return render(request, "classes/call_list_print.html", {"printed": printed, "now": now})


@require_POST
def call_claim(request: StaffRequest, pk: int) -> HttpResponse:
    """Take this call, unless somebody else is on the same person or number."""
    get_object_or_404(CallTask, pk=pk)
    try:
        calls.claim(pk, by=request.user, now=timezone.now())
    except calls.TaskClosed:
        return _answer(request, trouble=_("This call need not be made any more."))
    except calls.ClaimedByOther as other:
        words = _("%(name)s is calling this person or this number now.") % {"name": other.who}
        return _answer(request, trouble=words)
    return _answer(request, task_pk=pk)


@require_POST
def call_next(request: StaffRequest) -> HttpResponse:
    """Take the most urgent call that nobody is making."""
    task = calls.claim_next(by=request.user, now=timezone.now())
    if task is None:
        return _answer(request, trouble=_("There is no call to make now."))
    return _answer(request, task_pk=task.pk)


@require_POST
def call_release(request: StaffRequest, pk: int) -> HttpResponse:
    """Put the call back without having called."""
    get_object_or_404(CallTask, pk=pk)
    calls.release(pk, by=request.user, now=timezone.now())
    return _answer(request)


@require_POST
def call_record(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep how the call ended; whatever follows is done and said on the same page."""
    now = timezone.now()
    task = get_object_or_404(CallTask.objects.select_related(*calls.PANEL), pk=pk)
    panel = call_list.panel_of(task, (), now=now)
    form = AttemptForm(request.POST, now=now, panel=panel)
    if not form.is_valid():
        return _answer(request, task_pk=pk, form=form)
    recorded = call_attempts.record_attempt(pk, form.to_try(), by=request.user, now=now)
    record_view(request, [task.notice.learner], "call_recorded", ("call_attempts",))
    offer = task.notice.offer
    # As it stands after this try: in the list the call sinks until it is to be tried again.
    in_vain = unreached.tries(offer, task.notice.intake) if offer else None
    return _answer(
        request,
        task_pk=pk,
        recorded=recorded,
        called=task.notice.learner,
        called_task=pk,
        in_vain=in_vain,
    )


@require_POST
def call_by_letter(request: StaffRequest, pk: int) -> HttpResponse:
    """Nobody picks up, or there is no number: the notice moves to the 発送一覧."""
    task = get_object_or_404(CallTask.objects.select_related("notice__learner"), pk=pk)
    notice = posting.post_instead(pk, by=request.user, now=timezone.now())
    record_view(request, [task.notice.learner], "call_by_letter", ("notices",))
    if notice is None:
        return _answer(request, trouble=_("This call need not be made any more."))
    words = _("%(name)s: now on the list of letters to send.") % {"name": task.notice.learner}
    return _answer(request, done=words)


@require_POST
def call_pass_on(request: StaffRequest, pk: int) -> HttpResponse:
    """Called in vain as often as the rules say: the offer goes to the next in line."""
    task = get_object_or_404(CallTask.objects.select_related("notice__learner"), pk=pk)
    record_view(request, [task.notice.learner], "call_pass_on", ("places",))
    trouble = ""
    try:
        unreached.pass_on(task.notice.offer_id or 0, by=request.user, now=timezone.now())
    except (steering.NotWaiting, Offer.DoesNotExist):
        trouble = _("This call need not be made any more.")
    except steering.NobodyServed:
        trouble = _("Nobody else waits who fits these seats, so the offer stays theirs.")
    except unreached.StillToTry:
        trouble = _("The rules of this intake ask for more calls before it passes on.")
    if trouble:
        return _answer(request, task_pk=pk, trouble=trouble)
    words = _("%(name)s: passed on to the next in line; the place in line stays.")
    return _answer(request, done=words % {"name": task.notice.learner})


def _desk(
    request: StaffRequest,
    *,
    task_pk: int | None = None,
    form: AttemptForm | None = None,
    **more: Any,
) -> dict[str, Any]:
    now = timezone.now()
    panel = call_list.panel(request.user, now=now, task_pk=task_pk)
    if panel is not None:
        record_view(request, [panel.learner, *panel.together], "call_panel", CALLED_FIELDS)
        if form is None or panel.task.pk != task_pk:
            form = AttemptForm(
                now=now,
                panel=panel,
                initial={
                    "client_uuid": uuid.uuid4(),
                    "sentence": sign_sentence(panel.sentence),
                    "call_back_at": timezone.localtime(panel.suggested_at),
                    "number": panel.number_in_turn,
                },
            )
    listing = call_list.listing(request.user, now=now)
    return {"listing": listing, "panel": panel, "form": form, **more}


def _answer(request: StaffRequest, **what: Any) -> HttpResponse:
    """The whole working area after an action; without htmx, the page."""
    context = _desk(request, **what)
    if request.htmx:
        return render(request, "classes/_call_desk.html", context)
    if any(what.get(key) for key in ("form", "recorded", "trouble", "done")):
        return render(request, "classes/call_list.html", context)
    return redirect("call_list")
