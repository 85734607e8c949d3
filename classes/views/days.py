"""A day on one screen, and what is pressed on a bad one."""

import datetime
import hashlib
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import day_page, disruption_page, disruptions, new_days
from classes.disruption_forms import NewDayForm, StopForm, plans_of
from classes.lessons import LessonHeld
from classes.models import Disruption, Lesson
from staff.access_log import record_view
from staff.keys import posted_keys
from staff.requests import StaffRequest

ONE_DAY = datetime.timedelta(days=1)


def day(request: StaffRequest) -> HttpResponse:
    """The lessons of a day, who stands in, and what is to be called."""
    return _show_day(request, _day(request.GET.get("on", "")), StopForm(), ())


@require_POST
def day_stop(request: StaffRequest) -> HttpResponse:
    """First what the press would do; then, confirmed, the press. What was ticked stays ticked."""
    now = timezone.now()
    form = StopForm(request.POST)
    chosen = new_days.of_lessons(posted_keys(request.POST.getlist("lesson")))
    on = chosen[0].day if chosen else _day(request.POST.get("on", ""))
    if not chosen or not form.is_valid():
        if not chosen:
            messages.error(request, _("Tick the lessons first. Nothing was changed."))
        return _show_day(request, on, form, [lesson.pk for lesson in chosen], status=422)
    is_confirmed = "confirmed" in request.POST
    rows = _new_day_forms(request, chosen, now=now) if form.moves else []
    valid = all(row.is_valid() for row in rows if row.is_bound)
    warned = _warn(rows, now=now)
    if is_confirmed and valid and _has_seen(request, warned):
        try:
            if form.moves:
                made = disruptions.move(plans_of(rows), form.why(), by=request.user, now=now)
            else:
                keys = [lesson.pk for lesson in chosen]
                made = disruptions.stop(keys, form.why(), by=request.user, now=now)
        except (disruptions.NothingThere, LessonHeld) as refused:
            messages.error(request, str(refused))
            return _show_day(request, on, form, [lesson.pk for lesson in chosen], status=422)
        messages.success(request, _("Done. Everybody is being told, by SMS, call or letter."))
        return redirect("disruption", made.pk)
    context = {
        "day": on,
        "warned": warned,
        "form": form,
        "chosen": chosen,
        "rows": rows,
        "why": form.why(),
        "cause": Disruption(cause=form.why().cause, reason=form.why().reason).cause_in_words,
        "reach": disruptions.reach(chosen, form.why(), now=now),
    }
    return render(request, "classes/day_stop.html", context, status=200 if valid else 422)


def disruption(request: StaffRequest, pk: int) -> HttpResponse:
    """What became of a bad day, and the presses that bring it back or give it a new day."""
    made = get_object_or_404(Disruption.objects.select_related("started_by", "ended_by"), pk=pk)
    return _show_disruption(request, made, None)


@require_POST
def disruption_resume(request: StaffRequest, pk: int) -> HttpResponse:
    """It takes place after all."""
    get_object_or_404(Disruption, pk=pk)
    try:
        disruptions.resume(pk, by=request.user, now=timezone.now())
    except disruptions.NothingThere as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The lessons take place. Whoever had been told is told of it."))
    return redirect("disruption", pk)


@require_POST
def disruption_reschedule(request: StaffRequest, pk: int) -> HttpResponse:
    """New days for the ticked lessons, in one step."""
    now = timezone.now()
    made = get_object_or_404(Disruption.objects.select_related("started_by", "ended_by"), pk=pk)
    rows = _rows_to_reschedule(request, made, now=now)
    ticked = set(posted_keys(request.POST.getlist("lesson")))
    wanted = [row for row in rows if row.lesson.pk in ticked]
    if not wanted:
        messages.error(request, _("Tick the lessons first. Nothing was changed."))
        return _show_disruption(request, made, rows, status=422)
    if not all(row.is_valid() for row in wanted):
        return _show_disruption(request, made, rows, status=422)
    if not _has_seen(request, _warn(rows, now=now)):
        return _show_disruption(request, made, rows)
    try:
        disruptions.reschedule(pk, plans_of(wanted), by=request.user, now=now)
    except (disruptions.NothingThere, LessonHeld) as refused:
        messages.error(request, str(refused))
        return _show_disruption(request, made, rows, status=422)
    messages.success(request, _("The new days stand. Everybody concerned is being told."))
    return redirect("disruption", pk)


def _show_day(
    request: StaffRequest,
    on: datetime.date,
    form: StopForm,
    ticked: Sequence[int],
    *,
    status: int = 200,
) -> HttpResponse:
    page = day_page.of(on, now=timezone.now())
    people = [task.notice.learner for task in page.agreed] + [task.learner for task in page.tasks]
    record_view(request, people, "day", ("name",))
    context = {
        "page": page,
        "form": form,
        "ticked": ticked,
        "before": on - ONE_DAY,
        "after": on + ONE_DAY,
        "is_today": on == timezone.localdate(),
        "without_a_day": day_page.stopped_without_a_day(),
    }
    return render(request, "classes/day.html", context, status=status)


def _show_disruption(
    request: StaffRequest,
    made: Disruption,
    rows: Sequence[NewDayForm] | None,
    *,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    page = disruption_page.of(made, now=now)
    record_view(request, list(page.interpreters), "disruption", ("name",))
    if rows is None:
        rows = _rows_to_reschedule(request, made, now=now)
    warned = _warn(rows, now=now)
    ticked = posted_keys(request.POST.getlist("lesson"))
    context = {
        "page": page,
        "made": made,
        "rows": rows,
        "warned": warned,
        "ticked": ticked if request.method == "POST" else [row.lesson.pk for row in rows],
    }
    return render(request, "classes/disruption.html", context, status=status)


def _new_day_forms(
    request: HttpRequest, chosen: Sequence[Lesson], *, now: datetime.datetime
) -> list[NewDayForm]:
    """Filled as they were sent; proposed anew where nothing was sent yet."""
    forms = []
    for lesson in chosen:
        is_sent = f"lesson-{lesson.pk}-day" in request.POST
        plan = None if is_sent else new_days.proposed(lesson, now=now)
        forms.append(
            NewDayForm(request.POST if is_sent else None, lesson=lesson, now=now, plan=plan)
        )
    return forms


def _rows_to_reschedule(
    request: HttpRequest, made: Disruption, *, now: datetime.datetime
) -> list[NewDayForm]:
    waiting = disruptions.waiting_for_a_day().filter(disruption=made)
    return _new_day_forms(
        request, new_days.of_lessons(waiting.values_list("lesson", flat=True)), now=now
    )


def _warn(rows: Sequence[NewDayForm], *, now: datetime.datetime) -> str:
    """Put beside each row what stands in the way of its new day; what is warned of, in short."""
    plans = {}
    for row in rows:
        if not row.is_bound:
            plans[row.lesson.pk] = new_days.proposed(row.lesson, now=now)
        elif row.is_valid():
            plans[row.lesson.pk] = row.plan()
    found = new_days.all_in_the_way([row.lesson for row in rows], plans)
    for row in rows:
        row.warnings = found.get(row.lesson.pk, [])
    said = [text for row in rows for text in row.warnings]
    return hashlib.sha256("\n".join(sorted(said)).encode()).hexdigest()[:16] if said else ""


def _has_seen(request: StaffRequest, warned: str) -> bool:
    """Whether the warnings stood on the page from which it was pressed; else they are shown."""
    if request.POST.get("warned", "") == warned or not warned:
        return True
    messages.warning(
        request, _("Something stands in the way of a new day. Press again to keep to it.")
    )
    return False


def _day(text: str) -> datetime.date:
    """The day asked for; today where none is, or none that is a day."""
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    return found if found and 2000 <= found.year <= 2099 else timezone.localdate()
