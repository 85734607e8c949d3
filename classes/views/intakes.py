"""Intakes: the list, making and changing one, a copy for next time, and its rules to print."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import intake_rules, seats
from classes.lottery import tiers
from classes.models import Intake
from classes.planning_forms import CopyIntakeForm, IntakeForm
from classes.saving import saved
from staff.requests import StaffRequest


def intake_list(request: StaffRequest) -> HttpResponse:
    """Every intake, the newest first."""
    now = timezone.now()
    rows = [(intake, intake.phase(now=now)) for intake in Intake.objects.with_counts()]
    return render(request, "classes/intake_list.html", {"rows": rows})


def intake_detail(request: StaffRequest, code: str) -> HttpResponse:
    """One intake: its dates and rules in short, and its classes."""
    now = timezone.now()
    intake = get_object_or_404(Intake, code=code)
    sessions = list(
        intake.class_sessions.select_related("course__level__current", "venue").prefetch_related(
            "lessons", "instructors"
        )
    )
    counts, lines = seats.count(sessions, now=now), seats.waiting(sessions)
    context = {
        "intake": intake,
        "phase": intake.phase(now=now),
        "rows": [(session, counts[session.pk], lines[session.pk]) for session in sessions],
        "changes": intake_rules.printed(intake),
    }
    return render(request, "classes/intake_detail.html", context)


def intake_create(request: StaffRequest) -> HttpResponse:
    """A new intake."""
    form = IntakeForm(request.POST or None)
    if request.method == "POST" and (intake := saved(form)):
        messages.success(request, _("The intake has been made. Add its classes now."))
        return redirect("intake_detail", code=intake.code)
    return render(request, "classes/intake_form.html", {"form": form}, status=_status(form))


def intake_edit(request: StaffRequest, code: str) -> HttpResponse:
    """Change an intake; frozen rules only with an administrator's reason (rule 25)."""
    intake = get_object_or_404(Intake, code=code)
    form = IntakeForm(
        request.POST or None,
        instance=Intake.objects.get(pk=intake.pk),
        may_thaw=intake_rules.may_thaw(request.user),
    )
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in form.Meta.fields}
        try:
            changed = intake_rules.update(
                intake.pk,
                fields,
                reason=form.cleaned_data.get("reason", ""),
                by=request.user,
                now=timezone.now(),
            )
        except intake_rules.RulesFrozen as error:
            form.add_error("reason" if "reason" in form.fields else None, str(error))
        except intake_rules.CodeTaken:
            form.add_error("code", _("There is an intake with this code already."))
        else:
            messages.success(request, _("Saved."))
            return redirect("intake_detail", code=changed.code)
    context = {"form": form, "intake": intake}
    return render(request, "classes/intake_form.html", context, status=_status(form))


def intake_copy(request: StaffRequest, code: str) -> HttpResponse:
    """The next intake, begun from this one."""
    source = get_object_or_404(Intake, code=code)
    form = CopyIntakeForm(request.POST or None, initial=intake_rules.next_after(source))
    if request.method == "POST" and form.is_valid():
        try:
            new = intake_rules.copy(source, by=request.user, **form.cleaned_data)
        except intake_rules.CodeTaken:
            form.add_error("code", _("There is an intake with this code already."))
        else:
            messages.success(request, _("Copied. Propose the dates of each class now."))
            return redirect("intake_detail", code=new.code)
    context = {"form": form, "intake": source}
    return render(request, "classes/intake_copy.html", context, status=_status(form))


def intake_rules_sheet(request: StaffRequest, code: str) -> HttpResponse:
    """The rules as printed with the call for applications, changes and reasons included."""
    intake = get_object_or_404(Intake, code=code)
    context = {
        "intake": intake,
        "sessions": intake.class_sessions.running()
        .select_related("course__level__current", "venue")
        .prefetch_related("lessons"),
        "changes": intake_rules.printed(intake),
        "tiers": tiers.sentences(tiers.read(intake.priority_tiers)),
        "phone": settings.CITY_PHONE,
    }
    return render(request, "classes/intake_rules_sheet.html", context)


def _status(form: IntakeForm | CopyIntakeForm) -> int:
    return 422 if form.is_bound and form.errors else 200
