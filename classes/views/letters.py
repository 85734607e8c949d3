"""The 発送一覧 and the tasks to be confirmed: what is not done by calling."""

import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from classes import posting, staff_tasks
from classes.models import Notice, StaffTask
from staff.access_log import record_view
from staff.keys import posted_keys
from staff.requests import StaffRequest

SHOWN_AFTER = datetime.timedelta(days=7)
LETTER_FIELDS = ("name", "postcode", "address", "phone_numbers")


def post_list(request: StaffRequest) -> HttpResponse:
    """What must leave, the earliest leave-by first; and what left lately."""
    now = timezone.now()
    lines = posting.to_send(now=now)
    sent = list(posting.sent_since(now - SHOWN_AFTER)[:50])
    people = [line.notice.learner for line in lines] + [notice.learner for notice in sent]
    record_view(request, people, "post_list", LETTER_FIELDS)
    context = {"lines": lines, "sent": sent, "now": now}
    return render(request, "classes/post_list.html", context)


@require_POST
def post_sent(request: StaffRequest) -> HttpResponse:
    """The ticked ones left by post, or by fax."""
    pks = posted_keys(request.POST.getlist("notice"))
    how = request.POST.get("how", "")
    if not pks or how not in posting.SENT:
        messages.warning(request, _("Tick at least one letter first."))
        return redirect("post_list")
    marked = posting.mark_sent(pks, how=Notice.Outcome(how), by=request.user, now=timezone.now())
    record_view(request, [notice.learner for notice in marked], "post_sent", ("notices",))
    messages.success(
        request,
        ngettext("%(count)d marked as sent.", "%(count)d marked as sent.", len(marked))
        % {"count": len(marked)},
    )
    return redirect("post_list")


@require_POST
def post_put_back(request: StaffRequest, pk: int) -> HttpResponse:
    """It was marked by mistake: back on the list."""
    notice = get_object_or_404(Notice.objects.select_related("learner"), pk=pk)
    record_view(request, [notice.learner], "post_put_back", ("notices",))
    try:
        posting.put_back(pk, by=request.user, now=timezone.now())
    except posting.CannotPutBack:
        messages.error(
            request, _("It is too late to put this back, or the offer was answered meanwhile.")
        )
    else:
        messages.success(request, _("Back on the list."))
    return redirect("post_list")


def task_list(request: StaffRequest) -> HttpResponse:
    """確認が必要な方: what must be asked or booked, and by when."""
    tasks = list(staff_tasks.open_tasks())
    finished = list(
        StaffTask.objects.filter(done_at__gte=timezone.now() - SHOWN_AFTER)
        .select_related("learner", "intake", "done_by")
        .order_by("-done_at")[:50]
    )
    people = [task.learner for task in [*tasks, *finished]]
    record_view(request, people, "task_list", ("name", "kana", "phone_numbers"))
    context = {"tasks": tasks, "finished": finished, "today": timezone.localdate()}
    return render(request, "classes/task_list.html", context)


@require_POST
def task_done(request: StaffRequest, pk: int) -> HttpResponse:
    """The task is done, if its answer is on the record."""
    task = get_object_or_404(StaffTask.objects.select_related("learner"), pk=pk)
    record_view(request, [task.learner], "task_done", ("staff_tasks",))
    try:
        staff_tasks.finish(pk, by=request.user, now=timezone.now())
    except staff_tasks.NotConfirmed:
        messages.error(request, _("Enter what was confirmed on the person's page first."))
    else:
        messages.success(request, _("Done."))
    return redirect("task_list")


@require_POST
def task_reopen(request: StaffRequest, pk: int) -> HttpResponse:
    """It was marked done by mistake."""
    task = get_object_or_404(StaffTask.objects.select_related("learner"), pk=pk)
    record_view(request, [task.learner], "task_reopen", ("staff_tasks",))
    staff_tasks.reopen(pk)
    messages.success(request, _("Back on the list."))
    return redirect("task_list")
