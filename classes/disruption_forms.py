"""What is typed on a bad day: why, whether the lessons move, and their new days."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes.disruptions import Why
from classes.models import Disruption, Lesson, Venue
from classes.planning_forms import ClockInput, DayInput, check_day
from classes.timetable import Planned


class StopForm(forms.Form):
    """Why lessons are stopped, and whether they move at once."""

    CANCEL, MOVE = "cancel", "move"

    cause = forms.ChoiceField(label=_("Because of"), choices=Disruption.Cause.choices)
    reason = forms.CharField(
        label=_("In words"),
        max_length=60,
        required=False,
        help_text=_("Read to the people; needed for “something else” only."),
    )
    action = forms.ChoiceField(
        label=_("What becomes of the lessons"),
        choices=[
            (CANCEL, _("Cancel: a new day may follow later")),
            (MOVE, _("Move: to another day or hall now")),
        ],
        widget=forms.RadioSelect,
        initial=CANCEL,
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("cause") == Disruption.Cause.OTHER and not data.get("reason"):
            self.add_error("reason", gettext("Write the reason: it is read to the people."))
        return data

    def why(self) -> Why:
        """Of a valid form."""
        data = self.cleaned_data
        return Why(Disruption.Cause(data["cause"]), data["reason"].strip())

    @property
    def moves(self) -> bool:
        return bool(self.cleaned_data.get("action") == self.MOVE)


class NewDayForm(forms.Form):
    """The new day of one lesson; its length stays."""

    day = forms.DateField(label=_("Date"), widget=DayInput, validators=[check_day])
    begins = forms.TimeField(label=_("Begins"), widget=ClockInput)
    venue = forms.ModelChoiceField(label=_("Venue"), queryset=Venue.objects.none())

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        lesson: Lesson,
        now: datetime.datetime,
        plan: Planned | None = None,
    ) -> None:
        initial = {}
        if plan is not None:
            begins = timezone.localtime(plan.starts_at)
            initial = {"day": begins.date(), "begins": begins.time(), "venue": plan.venue.pk}
        super().__init__(data, prefix=f"lesson-{lesson.pk}", initial=initial)
        self.lesson, self.now = lesson, now
        field = self.fields["venue"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Venue.objects.filter(is_active=True)
        field.empty_label = None
        self.warnings: list[str] = []

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("day") and data.get("begins") and self.plan().starts_at <= self.now:
            self.add_error("day", gettext("Choose a time to come."))
        return data

    def plan(self) -> Planned:
        """Of a valid form: the lesson as it would be."""
        data = self.cleaned_data
        starts = timezone.make_aware(datetime.datetime.combine(data["day"], data["begins"]))
        length = self.lesson.ends_at - self.lesson.starts_at
        venue = data.get("venue") or self.lesson.venue
        return Planned(self.lesson.number, starts, starts + length, venue)


def plans_of(forms_: Iterable[NewDayForm]) -> Mapping[int, Planned]:
    """Lesson → plan, of valid forms."""
    return {form.lesson.pk: form.plan() for form in forms_}
