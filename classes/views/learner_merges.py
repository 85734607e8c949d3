"""Two records of one person: chosen, laid side by side, merged, and parted again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import learner_page, merging
from learners import duplicates, merge, search
from learners.forms import MergeForm
from learners.models import Learner, LearnerMerge
from staff.access_log import record_view
from staff.requests import StaffRequest

LISTED_FIELDS = ("name", "kana", "birth_date", "address", "phone_numbers")


def learner_merge_choose(request: StaffRequest, pk: int) -> HttpResponse:
    """Which other record is the same person: likely ones first, any other by search."""
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    text = request.POST.get("q", "")
    likely = [found.learner for found in duplicates.of(learner)]
    found = [other for other in search.find(text) if other.pk != pk]
    record_view(request, [learner, *likely, *found], "merge_choice", LISTED_FIELDS)
    now = timezone.now()
    context = {
        "learner": learner,
        "likely": learner_page.rows(likely, now=now),
        "rows": learner_page.rows(found, now=now),
        "text": text,
        "asked": bool(text.strip()),
    }
    return render(request, "learners/merge_choose.html", context)


def learner_merge(request: StaffRequest, pk: int, other_pk: int) -> HttpResponse:
    """Side by side: which record stays (the first), what moves; then, with a reason, merged."""
    current = Learner.objects.current().prefetch_related("phone_numbers")
    survivor = get_object_or_404(current, pk=pk)
    absorbed = get_object_or_404(current.exclude(pk=pk), pk=other_pk)
    form = MergeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            merging.merge(pk, other_pk, reason=reason, by=request.user, now=timezone.now())
        except merging.CannotMerge as error:
            form.add_error(None, str(error))
        else:
            record_view(request, [survivor, absorbed], "learners_merged", ("merged_into",))
            messages.success(request, _("The two records are one now. It can be undone here."))
            return redirect("learner_detail", pk)
    record_view(request, [survivor, absorbed], "merge_comparison", LISTED_FIELDS)
    context = {
        "survivor": survivor,
        "absorbed": absorbed,
        "fields": merge.compare(survivor, absorbed),
        "moving": merge.counts(absorbed),
        "conflicts": merging.conflicts(pk, other_pk),
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "learners/merge.html", context, status=status)


@require_POST
def learner_merge_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Part two records again, as far as their rows have not moved on."""
    done = get_object_or_404(LearnerMerge.objects.select_related("survivor", "absorbed"), pk=pk)
    try:
        merging.undo(pk, by=request.user, now=timezone.now())
    except merging.CannotUndo as error:
        messages.error(request, str(error))
        return redirect("learner_detail", done.survivor_id)
    record_view(request, [done.survivor, done.absorbed], "merge_undone", ("merged_into",))
    messages.success(request, _("The two records are apart again."))
    return redirect("learner_detail", done.absorbed_id)
