"""The classes one may see, and the page of one class: roster, line, offers, history."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from classes import class_page, seats
from classes.models import Intake
from staff import roles
from staff.access_log import record_view
from staff.requests import StaffRequest

EVENTS_PER_PAGE = 30
DESK_ROLES = (roles.RECEPTION, roles.COORDINATOR, roles.ADMINISTRATOR)


def class_list(request: StaffRequest) -> HttpResponse:
    """Class sessions with their seats; an instructor's own (rule 65), by intake."""
    visible = class_page.visible_to(request.user)
    intakes = Intake.objects.filter(class_sessions__in=visible.values("pk")).distinct()
    chosen = request.GET.get("intake", "")
    if chosen:
        visible = visible.filter(intake__code=chosen)
    sessions = list(
        visible.prefetch_related("lessons", "instructors").order_by("-intake__opens_at", "code")
    )
    counts = seats.count(sessions, now=timezone.now())
    waiting = seats.waiting(sessions)
    rows = [(session, counts[session.pk], waiting[session.pk]) for session in sessions]
    context = {"rows": rows, "intakes": intakes, "chosen": chosen}
    return render(request, "classes/class_list.html", context)


def class_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One class. Instructors see the roster of their own, without phones and addresses."""
    session = get_object_or_404(
        class_page.visible_to(request.user).prefetch_related("lessons__venue", "instructors"), pk=pk
    )
    now = timezone.now()
    if not request.user.has_role(*DESK_ROLES):
        coming = class_page.next_lesson(session, now=now)
        roster = class_page.roster(session, next_lesson=coming)
        people = [seat.application.learner for seat in roster]
        record_view(request, people, "class_roster", ("name", "kana", "age"))
        context = {"session": session, "roster": roster, "is_desk": False}
        return render(request, "classes/class_detail.html", context)
    shown = class_page.page(session, now=now)
    events = Paginator(class_page.history(session), EVENTS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    people = [seat.application.learner for seat in shown.roster]
    people += [member.learner for place in shown.line for member in place.members]
    people += [event.learner for event in events]
    record_view(request, people, "class_page", ("name", "kana", "age", "phone_numbers"))
    context = {
        "session": session,
        "page": shown,
        "roster": shown.roster,
        "events": events,
        "history": class_page.described(list(events)),
        "is_desk": True,
    }
    return render(request, "classes/class_detail.html", context)
