"""A message to many: write, look at what it would cost, confirm; then see how far it has come."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import bulk, desk
from classes.bulk_forms import BulkForm
from classes.models import BulkMessage, ClassSession
from classes.views.coming_back import chosen_people
from learners.models import Learner
from staff.access_log import record_view
from staff.keys import posted_key
from staff.requests import StaffRequest

SESSION = ("course__level__current", "venue", "intake")
RECENT = 10


def bulk_create(request: StaffRequest) -> HttpResponse:
    """Write to a class (`?class=`) or to those chosen on a list; preview, then confirm."""
    now = timezone.now()
    session = _class_session(request)
    people = bulk.seated(session) if session else chosen_people(request, now=now)
    intake = session.intake if session else desk.choose_intake(None, now=now)[0]
    if intake is None or not (people or session):
        messages.warning(request, _("Nobody is ticked."))
        return redirect("coming_back")
    step = request.POST.get("step", "")
    typed = request.POST if step else None
    form = BulkForm(typed, class_session=session, now=now, initial={"client_uuid": uuid.uuid4()})
    context: dict[str, Any] = {"form": form, "session": session, "chosen": people}
    if step and form.is_valid():
        who = Learner.objects.filter(pk__in=people).only("pk")
        if step == "send" and people:
            sent = bulk.create(
                form.draft(),
                people,
                intake=intake,
                client_uuid=form.cleaned_data["client_uuid"],
                by=request.user,
                now=now,
            )
            record_view(request, who, "bulk_sent", ("notices",))
            return redirect("bulk_detail", sent.pk)
        record_view(request, who, "bulk_preview", ("phone_numbers", "language"))
        context |= {
            "preview": bulk.preview(form.draft(), people, now=now),
            "warnings": form.warnings(),
        }
    context |= {
        "posted": request.POST,
        "placeholders": bulk.placeholders(session),
        "recent": BulkMessage.objects.select_related("class_session", "created_by")[:RECENT],
    }
    return render(request, "classes/bulk_create.html", context)


def bulk_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """How far it has come; the figures ask for themselves anew while it goes."""
    found = get_object_or_404(
        BulkMessage.objects.select_related(
            "class_session__course__level__current", "class_session__venue", "created_by"
        ).prefetch_related("class_session__lessons__venue"),
        pk=pk,
    )
    context = {
        "bulk": found,
        "progress": bulk.progress(found),
        "texts": bulk.texts(found),
    }
    fragment = "classes/_bulk_progress.html"
    return render(request, fragment if request.htmx else "classes/bulk_detail.html", context)


@require_POST
def bulk_stop(request: StaffRequest, pk: int) -> HttpResponse:
    """What has not gone out goes no more."""
    get_object_or_404(BulkMessage, pk=pk)
    bulk.stop(pk, by=request.user, now=timezone.now())
    messages.success(request, _("Stopped. What had gone out before stays gone."))
    return redirect("bulk_detail", pk)


def _class_session(request: StaffRequest) -> ClassSession | None:
    key = posted_key(request.POST.get("class") or request.GET.get("class", ""))
    if key is None:
        return None
    sessions = ClassSession.objects.select_related(*SESSION).prefetch_related("lessons__venue")
    return get_object_or_404(sessions, pk=key)
