"""Forms of the pages on which coordinators plan: intakes, classes with lessons, venues, courses."""

import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes.models import ClassSession, Course, Intake, Venue, VenueClosure
from classes.timetable import Planned
from skill_levels.models import SkillLevel
from staff.models import StaffMember

WEEKDAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]
MOST_LESSONS = 20


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class IntakeForm(forms.ModelForm):
    """One round of reception; frozen rules are shown and need a reason (rule 25)."""

    reason = forms.CharField(
        label=_("Reason for changing the rules"),
        max_length=200,
        required=False,
        help_text=_("Printed with the rules. Needed only after applications have come in."),
    )

    class Meta:
        model = Intake
        fields = ("code", "title", "spoken_name", *Intake.RULE_FIELDS, "notes")
        widgets = {
            "opens_at": MomentInput,
            "closes_at": MomentInput,
            "line_cutoff_at": MomentInput,
            "reference_date": DayInput,
            "notes": forms.Textarea(attrs={"rows": 3}),
        }

    BASICS = ("code", "title", "spoken_name", "opens_at", "closes_at", "method", "max_choices")
    ELIGIBILITY = ("min_age", "max_age", "reference_date", "residence")
    LINE = (
        "seat_rule",
        "offer_hours",
        "undo_minutes",
        "last_joining_lesson",
        "line_order",
        "line_cutoff_at",
    )

    def basics(self) -> list[forms.BoundField]:
        return [self[name] for name in self.BASICS]

    def eligibility(self) -> list[forms.BoundField]:
        return [self[name] for name in self.ELIGIBILITY]

    def line(self) -> list[forms.BoundField]:
        return [self[name] for name in self.LINE]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", gettext("Reception must close after it opens."))
        youngest, oldest = data.get("min_age"), data.get("max_age")
        if youngest is not None and oldest is not None and oldest < youngest:
            self.add_error("max_age", gettext("The oldest age is below the youngest."))
        drawn = data.get("line_order") == Intake.LineOrder.DRAWN
        if drawn and not data.get("line_cutoff_at"):
            self.add_error("line_cutoff_at", gettext("Enter when the line is drawn."))
        for name in ("max_choices", "last_joining_lesson", "offer_hours"):
            if data.get(name) == 0:
                self.add_error(name, gettext("At least 1."))
        return data


class CopyIntakeForm(forms.Form):
    """A new intake like an old one."""

    code = forms.SlugField(label=_("code"), max_length=20)
    title = forms.CharField(label=_("title"), max_length=60)
    spoken_name = forms.CharField(label=_("name when spoken"), max_length=20)
    opens_at = forms.DateTimeField(label=_("reception opens"), widget=MomentInput)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if Intake.objects.filter(code=code).exists():
            raise forms.ValidationError(gettext("There is an intake with this code already."))
        return code


class ClassSessionForm(forms.ModelForm):
    """A class without its lessons, which are rows of their own."""

    class Meta:
        model = ClassSession
        fields = ("code", "course", "venue", "capacity", "instructors", "assistants", "notes")
        widgets = {
            "instructors": forms.CheckboxSelectMultiple,
            "assistants": forms.CheckboxSelectMultiple,
            "notes": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, intake: Intake, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.intake = intake
        teachers = StaffMember.objects.filter(is_active=True).order_by("name", "username")
        for name in ("instructors", "assistants"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelMultipleChoiceField)
            field.queryset = self._teachers(teachers)
        _in_use(self.fields["venue"], Venue.objects.filter(is_active=True), self.instance.venue_id)
        _in_use(
            self.fields["course"],
            Course.objects.filter(is_active=True).select_related("level__current"),
            self.instance.course_id,
        )

    def _teachers(self, everybody: "QuerySet[StaffMember]") -> "QuerySet[StaffMember]":
        """Instructors, and whoever teaches already."""
        return (
            everybody.filter(groups__name="instructor")
            | everybody.filter(taught_class_sessions__isnull=False)
            | everybody.filter(assisted_class_sessions__isnull=False)
        ).distinct()

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        same = ClassSession.objects.filter(intake=self.intake, code=code)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(gettext("This intake has a class with this code already."))
        return code

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        both = set(data.get("instructors") or ()) & set(data.get("assistants") or ())
        if both:
            self.add_error("assistants", gettext("Somebody is both instructor and assistant."))
        return data


class PatternForm(forms.Form):
    """From which the dates of a series are proposed."""

    start = forms.DateField(label=_("From"), widget=DayInput)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"), choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    every_weeks = forms.IntegerField(label=_("Every … weeks"), min_value=1, max_value=8, initial=1)
    count = forms.IntegerField(
        label=_("Number of lessons"), min_value=1, max_value=MOST_LESSONS, initial=3
    )
    begins = forms.TimeField(label=_("Begins"), widget=ClockInput, initial=datetime.time(10))
    ends = forms.TimeField(label=_("Ends"), widget=ClockInput, initial=datetime.time(12))


class LessonForm(forms.Form):
    """One lesson's date, times and hall; an empty row is no lesson."""

    day = forms.DateField(label=_("Date"), widget=DayInput, required=False)
    begins = forms.TimeField(label=_("Begins"), widget=ClockInput, required=False)
    ends = forms.TimeField(label=_("Ends"), widget=ClockInput, required=False)
    venue = forms.ModelChoiceField(
        label=_("Venue"), queryset=Venue.objects.all(), required=False, empty_label="—"
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("day"):
            return data
        for name in ("begins", "ends"):
            if name in data and data[name] is None:
                self.add_error(name, gettext("Enter a time."))
        if data.get("begins") and data.get("ends") and data["ends"] <= data["begins"]:
            self.add_error("ends", gettext("The lesson must end after it begins."))
        return data

    def planned(self, number: int, default_venue: Venue) -> Planned | None:
        """The lesson of this row, in the city's time zone; None for an empty row."""
        data = self.cleaned_data
        if not data.get("day"):
            return None
        zone = timezone.get_default_timezone()
        return Planned(
            number,
            datetime.datetime.combine(data["day"], data["begins"], tzinfo=zone),
            datetime.datetime.combine(data["day"], data["ends"], tzinfo=zone),
            data.get("venue") or default_venue,
        )


LessonFormSet: "type[BaseFormSet[LessonForm]]" = formset_factory(
    LessonForm, extra=0, max_num=MOST_LESSONS, absolute_max=MOST_LESSONS
)


class VenueForm(forms.ModelForm):
    """A hall and what it lends."""

    closed_weekdays = forms.TypedMultipleChoiceField(
        label=_("closed weekdays"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Venue
        fields = (
            "name",
            "short_name",
            "address",
            "access_note",
            "loan_phones",
            "closed_weekdays",
            "is_active",
        )


class ClosureForm(forms.ModelForm):
    """A day on which a hall is closed."""

    class Meta:
        model = VenueClosure
        fields = ("day", "reason")
        widgets = {"day": DayInput}


class CourseForm(forms.ModelForm):
    """What is taught."""

    class Meta:
        model = Course
        fields = (
            "name",
            "name_en",
            "short_name",
            "level",
            "lesson_count",
            "lesson_minutes",
            "refuses_other_levels",
            "description",
            "is_active",
        )
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels = SkillLevel.objects.taught()
        _in_use(self.fields["level"], levels, self.instance.level_id)

    def clean_lesson_count(self) -> int:
        count: int = self.cleaned_data["lesson_count"]
        if count < 1:
            raise forms.ValidationError(gettext("At least 1."))
        return count


def _in_use(field: forms.Field, rows: "QuerySet[Any]", also: int | None) -> None:
    """Offer what is in use, and what stands there already."""
    assert isinstance(field, forms.ModelChoiceField)
    if also is not None:
        rows = rows.model._default_manager.filter(pk__in=[*rows.values_list("pk", flat=True), also])
    field.queryset = rows
