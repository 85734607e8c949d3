"""Forms of the pages on which coordinators plan: intakes, classes with lessons, venues, courses."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NoReturn

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes.lottery.forms import TiersField
from classes.models import ClassSession, Course, Intake, Venue, VenueClosure
from classes.reminder_days import ReminderDaysField
from classes.timetable import Planned
from learners.models import Learner
from skill_levels.models import SkillLevel
from staff.keys import RowsField
from staff.models import StaffMember
from staff.roles import INSTRUCTOR

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
# A year mistyped is a mistake to show, not a date the database cannot hold.
FIRST_DAY, LAST_DAY = datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)


def check_day(value: datetime.date) -> None:
    """Raise ValidationError for a year that can only be a slip of the fingers."""
    if not FIRST_DAY.year <= value.year <= LAST_DAY.year:
        raise forms.ValidationError(gettext("Check the year."))


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

    def format_value(self, value: Any) -> str | None:
        """With its seconds where there are any, so that saving does not change them."""
        if isinstance(value, datetime.datetime) and value.second:
            return f"{value:%Y-%m-%dT%H:%M:%S}"
        return super().format_value(value)


class IntakeForm(forms.ModelForm):
    """One round of reception; frozen rules are shown and need a reason (rule 25)."""

    reason = forms.CharField(
        label=_("Reason for changing the rules"),
        max_length=200,
        required=False,
        help_text=_("Printed with the rules. Needed only after applications have come in."),
    )

    priority_tiers = TiersField(
        label=_("Priority in the draw"),
        required=False,
        help_text=_("First tier first; everybody else comes after them. Empty: everybody alike."),
    )

    reminder_days = ReminderDaysField()

    class Meta:
        model = Intake
        fields = ("code", "title", "spoken_name", *Intake.RULE_FIELDS, "reminder_days", "notes")
        widgets = {
            "opens_at": MomentInput,
            "closes_at": MomentInput,
            "line_cutoff_at": MomentInput,
            "reference_date": DayInput,
            "draw_on": DayInput,
            "notes": forms.Textarea(attrs={"rows": 3}),
        }

    BASICS = ("code", "title", "spoken_name", "opens_at", "closes_at", "method", "max_choices")
    ELIGIBILITY = ("min_age", "max_age", "reference_date", "residence")
    LINE = (
        "seat_rule",
        "offer_hours",
        "unreached_attempts",
        "unreached_days",
        "undo_minutes",
        "last_joining_lesson",
        "line_order",
        "line_cutoff_at",
    )

    DRAW = ("draw_on", "repeat_seats", "priority_tiers")

    # Field → the least and the most that makes sense.
    LIMITS = (
        ("min_age", 0, 120),
        ("max_age", 0, 120),
        ("max_choices", 1, 10),
        ("offer_hours", 1, 720),
        ("unreached_attempts", 0, 30),
        ("unreached_days", 1, 30),
        ("undo_minutes", 0, 120),
        ("last_joining_lesson", 1, MOST_LESSONS),
        ("repeat_seats", 0, 100),
    )

    def __init__(self, *args: Any, may_thaw: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["repeat_seats"].required = False
        is_frozen = self.instance.rules_frozen_at is not None
        # The code is part of receipt numbers that were given, so nobody changes it.
        if is_frozen:
            for name in ("code",) if may_thaw else ("code", *Intake.RULE_FIELDS):
                self.fields[name].disabled = True
        if not (is_frozen and may_thaw):
            del self.fields["reason"]
        _limit(self, self.LIMITS)
        for name in ("opens_at", "closes_at", "line_cutoff_at", "reference_date", "draw_on"):
            self.fields[name].validators.append(check_day)

    def basics(self) -> list[forms.BoundField]:
        return [self[name] for name in self.BASICS]

    def eligibility(self) -> list[forms.BoundField]:
        return [self[name] for name in self.ELIGIBILITY]

    def line(self) -> list[forms.BoundField]:
        return [self[name] for name in self.LINE]

    def draw(self) -> list[forms.BoundField]:
        return [self[name] for name in self.DRAW]

    def clean_reminder_days(self) -> list[int]:
        name = self.add_prefix("reminder_days")
        widget = self.fields["reminder_days"].widget
        is_left_out = widget.value_omitted_from_data(self.data, self.files, name)
        days: list[int] = self.cleaned_data["reminder_days"]
        return self.instance.reminder_days if is_left_out else days

    def clean_repeat_seats(self) -> int:
        return self.cleaned_data.get("repeat_seats") or 0

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", gettext("Reception must close after it opens."))
        youngest, oldest = data.get("min_age"), data.get("max_age")
        if youngest is not None and oldest is not None and oldest < youngest:
            self.add_error("max_age", gettext("The oldest age is below the youngest."))
        draw_on = data.get("draw_on")
        if draw_on and closes and draw_on < timezone.localtime(closes).date():
            self.add_error("draw_on", gettext("The draw comes after reception has closed."))
        tries, days = data.get("unreached_attempts"), data.get("unreached_days")
        if tries and days and days > tries:
            self.add_error(
                "unreached_days", gettext("There cannot be more days than calls: one call a day.")
            )
        drawn = data.get("line_order") == Intake.LineOrder.DRAWN
        if drawn and not data.get("line_cutoff_at"):
            self.add_error("line_cutoff_at", gettext("Enter when the line is drawn."))
        return data


class CopyIntakeForm(forms.Form):
    """A new intake like an old one."""

    code = forms.SlugField(
        label=capfirst(_("code")),
        max_length=20,
        help_text=_("Stands before each receipt number, e.g. 2026-10."),
    )
    title = forms.CharField(label=capfirst(_("title")), max_length=60)
    spoken_name = forms.CharField(label=capfirst(_("name when spoken")), max_length=20)
    opens_at = forms.DateTimeField(
        label=capfirst(_("reception opens")), widget=MomentInput, validators=[check_day]
    )


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
        field_classes: ClassVar = {"instructors": RowsField, "assistants": RowsField}

    def __init__(self, *args: Any, intake: Intake, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.intake = intake
        _limit(self, (("capacity", 0, 500),))
        for name in ("instructors", "assistants"):
            field = self.fields[name]
            assert isinstance(field, RowsField)
            field.queryset = _teachers(self.instance)
        _in_use(self.fields["venue"], Venue.objects.filter(is_active=True), self.instance.venue_id)
        _in_use(
            self.fields["course"],
            Course.objects.filter(is_active=True).select_related("level__current"),
            self.instance.course_id,
        )

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
    """From which the dates of a series are proposed; a help, so saving a class needs none of it."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    start = forms.DateField(
        label=_("From"), widget=DayInput, required=False, validators=[check_day]
    )
    every_weeks = forms.IntegerField(
        label=_("Every … weeks"), min_value=1, max_value=8, initial=1, required=False
    )
    count = forms.IntegerField(
        label=_("Number of lessons"),
        min_value=1,
        max_value=MOST_LESSONS,
        initial=3,
        required=False,
    )
    begins = forms.TimeField(
        label=_("Begins"), widget=ClockInput, initial=datetime.time(10), required=False
    )
    ends = forms.TimeField(
        label=_("Ends"), widget=ClockInput, initial=datetime.time(12), required=False
    )

    def clean(self) -> dict[str, Any]:
        for name, field in self.fields.items():
            if name not in self.errors and self.cleaned_data.get(name) in (None, []):
                self.add_error(name, field.error_messages["required"])
        return self.cleaned_data


class LessonForm(forms.Form):
    """One lesson's date, times and hall; a row without any of them is no lesson."""

    day = forms.DateField(label=_("Date"), widget=DayInput, required=False, validators=[check_day])
    begins = forms.TimeField(label=_("Begins"), widget=ClockInput, required=False)
    ends = forms.TimeField(label=_("Ends"), widget=ClockInput, required=False)
    venue = forms.TypedChoiceField(label=_("Venue"), required=False, empty_value=None)

    def __init__(self, *args: Any, venues: Sequence[Venue] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_key = {str(venue.pk): venue for venue in venues}
        field = self.fields["venue"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", _("as the class")), *((key, str(by_key[key])) for key in by_key)]
        # A key that is not offered, as of a hall taken out of use meanwhile, is a wrong choice.
        field.coerce = lambda key: by_key.get(key) or _wrong_choice(key)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        wanted = {"day": gettext("Enter a date."), "begins": gettext("Enter a time.")}
        wanted["ends"] = wanted["begins"]
        if any(data.get(name) for name in wanted):
            for name, message in wanted.items():
                if name in data and data[name] is None:
                    self.add_error(name, message)
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
        label=capfirst(_("closed weekdays")),
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
        labels: ClassVar = {"access_note": capfirst(_("how to get there"))}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _limit(self, (("loan_phones", 0, 500),))


class ClosureForm(forms.ModelForm):
    """A day on which a hall is closed."""

    class Meta:
        model = VenueClosure
        fields = ("day", "reason")
        widgets = {"day": DayInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].validators.append(check_day)


class CourseForm(forms.ModelForm):
    """What is taught."""

    devices = forms.TypedMultipleChoiceField(
        label=_("Made for"),
        choices=[choice for choice in Learner.Device.choices if choice[0] != "none"],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        empty_value=[],
        help_text=_(
            "Nothing ticked: for any phone. The class that fits a device is offered first."
        ),
    )

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
            "devices",
            "description",
            "is_active",
        )
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels = SkillLevel.objects.taught()
        _in_use(self.fields["level"], levels, self.instance.level_id)
        _limit(self, (("lesson_count", 1, MOST_LESSONS), ("lesson_minutes", 10, 480)))


def _wrong_choice(key: str) -> NoReturn:
    raise ValueError(key)


def _in_use(field: forms.Field, rows: "QuerySet[Any]", also: int | None) -> None:
    """Offer what is in use, and what stands there already."""
    assert isinstance(field, forms.ModelChoiceField)
    if also is not None:
        rows = rows.model._default_manager.filter(pk__in=[*rows.values_list("pk", flat=True), also])
    field.queryset = rows


def _teachers(session: ClassSession) -> "QuerySet[StaffMember]":
    """Instructors, whoever teaches anywhere, and whoever stands in this class already."""
    fits = (
        Q(groups__name=INSTRUCTOR)
        | Q(taught_class_sessions__isnull=False)
        | Q(assisted_class_sessions__isnull=False)
    ) & Q(is_active=True)
    if session.pk:
        fits |= Q(taught_class_sessions=session) | Q(assisted_class_sessions=session)
    people = StaffMember.objects.filter(fits).values("pk")
    return StaffMember.objects.filter(pk__in=people).order_by("name", "username")


def _limit(form: forms.BaseForm, limits: Iterable[tuple[str, int, int]]) -> None:
    """Say in the field, and check, between which numbers it lies."""
    for name, least, most in limits:
        field = form.fields[name]
        assert isinstance(field, forms.IntegerField)
        field.validators += [MinValueValidator(least), MaxValueValidator(most)]
        field.widget.attrs |= {"min": least, "max": most}
