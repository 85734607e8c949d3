"""Filters of templates for how things are written here: `{{ lesson|lesson_time }}`,
`{{ day|day_long }}`, `{{ attempt.number|phone }}`, `{{ course|course_name }}`."""

from collections.abc import Sequence

from django import template
from django.utils.translation import get_language

from classes import dates
from classes.models import Course, Lesson
from sms import phone_numbers

register = template.Library()

register.filter("day", dates.day)
register.filter("day_long", dates.day_long)
register.filter("month", dates.month)
register.filter("clock", dates.clock)
register.filter("moment", dates.moment)
register.filter("phone", phone_numbers.display)


@register.filter
def lesson_time(lesson: Lesson) -> str:
    """When a lesson is, with its end."""
    return dates.span(lesson.starts_at, lesson.ends_at)


@register.filter
def course_name(course: Course) -> str:
    """What a course is called in the language of the screen, where it has a name in it."""
    is_english = (get_language() or "").startswith("en")
    return course.name_en or course.name if is_english else course.name


@register.filter
def receipt_numbers(receipts: Sequence[str]) -> str:
    """Receipts as short as a wall list needs: 「42」, or 「12+13」 for a party."""
    return "+".join(str(int(receipt.rpartition("-")[2])) for receipt in receipts)
