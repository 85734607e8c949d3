"""How a wording looks and what it costs, filled in with the longest names that there are."""

import decimal
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from classes import message_texts
from classes.models import Course, MessageTemplate, Venue
from skill_levels.models import Competency
from sms import segments

Form = MessageTemplate.Form
Kind = MessageTemplate.Kind

# As long as they get in a year; names are taken from the courses, halls and hints that exist.
JAPANESE = {
    "date": "10/13(火)",
    "time": "10:00",
    "rank": "12",
    "deadline": "10/9(金)17時",
    "when": "来週",
    "old_date": "10/13(火)",
    "reason": "会場都合",
    "receipt": "2026-10-0042",
    "draw_date": "10/13(火)",
    "people": "2",
}
ENGLISH = {
    "date": "Tue 13 Oct",
    "time": "10:00",
    "rank": "12",
    "deadline": "Fri 9 Oct 17:00",
    "when": "next week",
    "old_date": "Tue 13 Oct",
    "reason": "instructor ill",
    "receipt": "2026-10-0042",
    "draw_date": "Tue 13 Oct",
    "people": "2",
}
# The other reminder goes out on the day before.
THE_DAY_BEFORE = {"ja": "明日", "en": "tomorrow"}
SECOND_RECEIPT = {"ja": "・0043", "en": ", 0043"}


@dataclass(frozen=True)
class Preview:
    """A wording with its example values: the text, its size, and what one of them costs in yen."""

    text: str
    size: segments.Size
    cost: decimal.Decimal


class Examples:
    """The longest course, hall and hint in use; loaded once for a page of texts."""

    def __init__(self) -> None:
        courses = list(Course.objects.filter(is_active=True).select_related("level__current"))
        hints = Competency.objects.current()
        venue = _longest(
            venue.short_name or venue.name for venue in Venue.objects.filter(is_active=True)
        )
        self._names = {
            "ja": {
                "city": settings.CITY_NAME,
                "course": _longest(course.short_name or course.name for course in courses)
                or "アカウント",
                "venue": venue or "市民センター",
                "hint": _longest(each.current.hint_ja for each in hints if each.current)
                or "今日の練習",
            },
            "en": {
                "city": settings.CITY_NAME_EN,
                "course": _longest(
                    course.name_en or course.level.title_in("en") for course in courses
                )
                or "Getting an account",
                "venue": venue or "Create Hall",
                "hint": _longest(each.current.hint_en for each in hints if each.current)
                or "what we did",
            },
        }

    def values(self, language: str, form: str, kind: str) -> dict[str, str]:
        """A value for every placeholder there is."""
        values = dict(ENGLISH if language == "en" else JAPANESE)
        values |= {**self._names[language], "phone": settings.CITY_PHONE}
        if form == Form.SEVERAL:
            values["receipt"] += SECOND_RECEIPT[language]
        if kind == Kind.REMINDER_NEXT:
            values["when"] = THE_DAY_BEFORE[language]
        return values

    def preview(self, wording: str, language: str, form: str, *, kind: str) -> Preview:
        """The text as somebody would receive it; an unknown placeholder stays as it was typed."""
        as_typed = {name: f"{{{name}}}" for name in message_texts.placeholders(wording)}
        text = message_texts.fill(wording, as_typed | self.values(language, form, kind))
        size = segments.measure(text)
        return Preview(text, size, settings.SMS_SEGMENT_PRICE * size.segments)


def _longest(names: Iterable[str]) -> str:
    """The one that takes most units; the first in the alphabet of several."""
    return max(sorted(names), key=lambda name: segments.measure(name).units, default="")
