"""Making and changing a class session: its people, its lessons, and what stands in their way."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from classes import capacity, class_sessions, lessons, list_freeze, planning
from classes.models import ClassSession, Intake
from staff.keys import posted_key
from staff.requests import StaffRequest


def class_create(request: StaffRequest, code: str) -> HttpResponse:
    """A new class of an intake, with its lessons."""
    intake = get_object_or_404(Intake, code=code)
    now = timezone.now()
    plan = planning.read(intake, None, _typed(request), now=now)
    if request.method == "POST" and plan.is_valid():
        try:
            session = class_sessions.create(
                intake, plan.fields, by=request.user, now=now, **plan.people_and_lessons
            )
        except class_sessions.CodeTaken as error:
            plan.form.add_error("code", str(error))
        except list_freeze.ListFrozen as error:
            plan.form.add_error(None, str(error))
        else:
            messages.success(request, _("The class has been made."))
            return redirect("class_detail", pk=session.pk)
    return _page(request, intake, plan)


def class_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a class; whoever holds a seat is told of lessons that move."""
    session = get_object_or_404(ClassSession.objects.select_related("intake", "course"), pk=pk)
    now = timezone.now()
    plan = planning.read(session.intake, session, _typed(request), now=now)
    if request.method == "POST" and plan.is_valid():
        try:
            class_sessions.update(
                ClassSession.objects.get(pk=pk),
                plan.fields,
                by=request.user,
                now=now,
                **plan.people_and_lessons,
            )
        except class_sessions.CodeTaken as error:
            plan.form.add_error("code", str(error))
        except capacity.BelowHeld as error:
            plan.form.add_error("capacity", str(error))
        except (lessons.LessonHeld, list_freeze.ListFrozen) as error:
            plan.form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("class_detail", pk=pk)
    return _page(request, session.intake, plan, session)


def class_lessons(request: StaffRequest, code: str) -> HttpResponse:
    """The rows of lessons anew: dates proposed, a row more or less, conflicts checked."""
    intake = get_object_or_404(Intake, code=code)
    edited = posted_key(request.POST.get("class_session", ""))
    session = None
    if edited is not None:
        session = get_object_or_404(ClassSession, pk=edited, intake=intake)
    plan = planning.rearrange(intake, session, request.POST)
    answer = render(request, "classes/_class_lessons.html", {"plan": plan, "intake": intake})
    return trigger_client_event(answer, "announce", {"value": plan.said})


def _typed(request: StaffRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _page(
    request: StaffRequest,
    intake: Intake,
    plan: planning.Plan,
    session: ClassSession | None = None,
) -> HttpResponse:
    context = {"intake": intake, "plan": plan, "form": plan.form, "session": session}
    status = 422 if request.method == "POST" else 200
    return render(request, "classes/class_form.html", context, status=status)
