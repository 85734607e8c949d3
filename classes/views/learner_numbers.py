"""The numbers of a person: added, corrected, removed, and what was said about messages."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import number_changes
from learners import numbers
from learners.forms import ConsentForm, NumberEditForm, NumberForm
from learners.models import Learner, PhoneNumber
from learners.numbers import InvalidEntry
from staff.access_log import record_view
from staff.requests import StaffRequest


def learner_number_add(request: StaffRequest, pk: int) -> HttpResponse:
    """One more number; without its area code it is asked about first (rule 6)."""
    learner = get_object_or_404(Learner.objects.current(), pk=pk)
    form = NumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            numbers.add(pk, form.number_input(), by=request.user, now=timezone.now())
        except InvalidEntry as error:
            form.add_error(error.field, str(error))
        else:
            return _saved(request, learner, "number_added", ("phone_numbers",))
    return _page(request, learner, form, _("Add a number"))


def learner_number_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct a number, or whose it is."""
    row = _row(pk)
    form = NumberEditForm(request.POST) if request.method == "POST" else NumberEditForm.begin(row)
    if request.method == "POST" and form.is_valid():
        try:
            changed = number_changes.update(
                pk, form.number_input(), by=request.user, now=timezone.now()
            )
        except InvalidEntry as error:
            form.add_error(error.field, str(error))
        else:
            if "sms_consent" in changed:
                messages.warning(request, _("Ask about messages anew: number or owner changed."))
            return _saved(request, row.learner, "number_changed", changed)
    record_view(request, [row.learner], "number_shown", ("phone_numbers",))
    return _page(request, row.learner, form, _("Correct a number"))


def learner_number_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a number away, asked once more first."""
    row = _row(pk)
    if request.method == "POST":
        number_changes.remove(pk, by=request.user, now=timezone.now())
        return _saved(request, row.learner, "number_removed", ("phone_numbers",))
    record_view(request, [row.learner], "number_shown", ("phone_numbers",))
    context = {"learner": row.learner, "number": row}
    return render(request, "learners/number_remove.html", context)


def learner_number_consent(request: StaffRequest, pk: int) -> HttpResponse:
    """Who said what about messages to this number (rules 11 and 12)."""
    row = _row(pk)
    initial = {"given_by": row.owner_name or row.learner.display_name}
    form = ConsentForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        given, given_by = data["answer"] == "given", data["given_by"]
        try:
            number_changes.set_consent(
                pk, given=given, given_by=given_by, by=request.user, now=timezone.now()
            )
        except InvalidEntry as error:
            form.add_error("given_by" if error.field == "given_by" else "answer", str(error))
        else:
            return _saved(request, row.learner, "consent_noted", ("sms_consent",))
    record_view(request, [row.learner], "number_shown", ("phone_numbers",))
    context = {"learner": row.learner, "number": row, "form": form}
    status = 422 if form.errors else 200
    return render(request, "learners/number_consent.html", context, status=status)


def _row(pk: int) -> PhoneNumber:
    current = Learner.objects.current()
    rows = PhoneNumber.objects.select_related("learner", "consent_noted_by")
    return get_object_or_404(rows.filter(learner__in=current), pk=pk)


def _saved(
    request: StaffRequest, learner: Learner, purpose: str, fields: "tuple[str, ...] | list[str]"
) -> HttpResponse:
    record_view(request, [learner], purpose, fields)
    messages.success(request, _("Saved."))
    return redirect("learner_detail", learner.pk)


def _page(request: StaffRequest, learner: Learner, form: NumberForm, title: str) -> HttpResponse:
    context = {"learner": learner, "form": form, "title": title}
    status = 422 if form.errors else 200
    return render(request, "learners/number_form.html", context, status=status)
