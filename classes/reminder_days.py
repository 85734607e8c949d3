"""How many days before each lesson people are reminded of it: a line of numbers in the form."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes.lesson_reminders import LONGEST_LEAD, MOST_LEADS

SEPARATORS = re.compile(r"[\s,、。;/・]+")


class ReminderDaysField(forms.CharField):
    """「7, 1」 → [7, 1], the longest first, each once; empty: nobody is reminded."""

    def __init__(self) -> None:
        super().__init__(
            label=capfirst(_("reminders, days before")),
            required=False,
            max_length=40,
            help_text=_(
                "E.g. 7, 1: a week before and the day before. At most four, from 1 to 30 days. "
                "Empty: nobody is reminded. May be changed at any time."
            ),
        )

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """Raises ValidationError for what is no number of days, or too many of them."""
        text = unicodedata.normalize("NFKC", super().to_python(self.prepare_value(value)) or "")
        words = [word.removesuffix("日前") for word in SEPARATORS.split(text) if word]
        if not all(re.fullmatch(r"[0-9]{1,3}", word) for word in words):
            raise forms.ValidationError(gettext("Write numbers of days, e.g. 7, 1."))
        days = sorted({int(word) for word in words}, reverse=True)
        if any(not 1 <= each <= LONGEST_LEAD for each in days):
            raise forms.ValidationError(gettext("Reminders go out 1 to 30 days before a lesson."))
        if len(days) > MOST_LEADS:
            raise forms.ValidationError(gettext("At most four reminders for each lesson."))
        return days

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), self.prepare_value(data)))
