"""Venues and the days on which they are closed."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import timetable
from classes.models import Venue, VenueClosure
from classes.planning_forms import WEEKDAYS, ClosureForm, VenueForm
from classes.saving import saved
from staff.requests import StaffRequest


def venue_list(request: StaffRequest) -> HttpResponse:
    """Every venue with its loan phones and closed weekdays."""
    coming = Q(closures__day__gte=timezone.localdate())
    venues = Venue.objects.annotate(coming_closures=Count("closures", filter=coming))
    names = dict(WEEKDAYS)
    rows = [(venue, [names[day] for day in venue.closed_weekdays]) for venue in venues]
    return render(request, "classes/venue_list.html", {"rows": rows})


def venue_create(request: StaffRequest) -> HttpResponse:
    """A new venue."""
    form = VenueForm(request.POST or None, initial={"is_active": True})
    if request.method == "POST" and (venue := saved(form)):
        messages.success(request, _("Saved."))
        return redirect("venue_edit", pk=venue.pk)
    status = 422 if form.is_bound else 200
    return render(request, "classes/venue_form.html", {"form": form}, status=status)


def venue_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a venue; its closures stand below."""
    venue = get_object_or_404(Venue, pk=pk)
    form = VenueForm(request.POST or None, instance=Venue.objects.get(pk=venue.pk))
    if request.method == "POST" and saved(form):
        messages.success(request, _("Saved."))
        return redirect("venue_list")
    return _page(request, venue, form, ClosureForm(prefix="closure"))


def venue_closure_add(request: StaffRequest, pk: int) -> HttpResponse:
    """One more day on which the venue is closed."""
    venue = get_object_or_404(Venue, pk=pk)
    form = ClosureForm(request.POST, prefix="closure", instance=VenueClosure(venue=venue))
    if form.is_valid():
        VenueClosure.objects.update_or_create(
            venue=venue,
            day=form.cleaned_data["day"],
            defaults={"reason": form.cleaned_data["reason"]},
        )
        if affected := timetable.lessons_on(form.cleaned_data["day"], venue):
            named = ", ".join(str(lesson.class_session) for lesson in affected)
            text = _("Lessons are planned on this day: %(classes)s. Move them in their classes.")
            messages.warning(request, text % {"classes": named})
        return redirect("venue_edit", pk=pk)
    return _page(request, venue, VenueForm(instance=venue), form)


def venue_closure_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """The venue is open on this day after all."""
    closure = get_object_or_404(VenueClosure, pk=pk)
    closure.delete()
    return redirect("venue_edit", pk=closure.venue_id)


def _page(
    request: StaffRequest, venue: Venue, form: VenueForm, closure_form: ClosureForm
) -> HttpResponse:
    context = {
        "venue": venue,
        "form": form,
        "closure_form": closure_form,
        "closures": venue.closures.filter(day__gte=timezone.localdate()),
    }
    status = 422 if form.is_bound or closure_form.is_bound else 200
    return render(request, "classes/venue_form.html", context, status=status)
