"""The sending hours as administrators set them, and what follows from them in a sentence."""

import datetime
from dataclasses import dataclass
from typing import ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes.planning_forms import WEEKDAYS, ClockInput, DayInput, check_day
from sms.models import DayOff, SendingHours
from sms.sending_hours import Hours

# What somebody who sets hours asks first: what of one that is written on Saturday evening.
SATURDAY, EVENING = 6, 21
LONGEST_WAIT = datetime.timedelta(days=60)


class HoursForm(forms.ModelForm):
    """From when to when messages go out, and on which weekdays not (rule 51)."""

    closed_weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays without messages"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = SendingHours
        fields = ("opens", "closes", "opens_early", "closed_weekdays", "closed_on_holidays")
        labels: ClassVar = {
            "opens": _("Messages go out from"),
            "closes": _("until"),
            "opens_early": _("What the city cancels on the day, from"),
            "closed_on_holidays": _("No messages on public holidays"),
        }
        widgets: ClassVar = {
            "opens": ClockInput(),
            "closes": ClockInput(),
            "opens_early": ClockInput(),
        }

    def clean_closed_weekdays(self) -> list[int]:
        days = sorted(self.cleaned_data["closed_weekdays"])
        if len(days) == len(WEEKDAYS):
            raise forms.ValidationError(gettext("On one weekday at least messages must go out."))
        return days

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or self.cleaned_data
        opens, closes, early = (cleaned.get(f) for f in ("opens", "closes", "opens_early"))
        if opens and closes and closes <= opens:
            self.add_error("closes", gettext("The end must be later than the beginning."))
        if opens and early and early > opens:
            self.add_error("opens_early", gettext("Urgent messages go out no later than others."))
        return cleaned


class DayOffForm(forms.ModelForm):
    """One day without messages, and why."""

    class Meta:
        model = DayOff
        fields = ("day", "reason")
        widgets: ClassVar = {"day": DayInput()}

    def clean_day(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["day"]
        check_day(day)
        return day


@dataclass(frozen=True)
class Example:
    """One message, when it would be written and when it would go out."""

    written_at: datetime.datetime
    goes_at: datetime.datetime
    # Nothing opens within two months: every day in sight is off.
    never: bool = False


def row() -> SendingHours:
    """The one row, or what holds without it."""
    return SendingHours.objects.filter(pk=1).first() or SendingHours(pk=1)


def example(hours: Hours, *, now: datetime.datetime) -> Example:
    """A message of next Saturday, 21:00."""
    today = timezone.localtime(now)
    days = (SATURDAY - today.isoweekday()) % 7
    written = datetime.datetime.combine(
        today.date() + datetime.timedelta(days=days), datetime.time(EVENING), today.tzinfo
    )
    goes = hours.next_open(written)
    return Example(written, goes, never=goes - written >= LONGEST_WAIT - datetime.timedelta(days=1))


def urgent_example(hours: Hours, *, now: datetime.datetime) -> Example:
    """What the city cancels on Sunday at 6 in the morning."""
    saturday = timezone.localtime(example(hours, now=now).written_at)
    written = datetime.datetime.combine(
        saturday.date() + datetime.timedelta(days=1), datetime.time(6), saturday.tzinfo
    )
    return Example(written, hours.next_open(written, may_be_early=True))


def days_off(*, now: datetime.datetime) -> list[DayOff]:
    """Those to come."""
    return list(DayOff.objects.filter(day__gte=timezone.localdate(now)))
