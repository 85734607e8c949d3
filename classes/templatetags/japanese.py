"""Filters of templates for days and times: `{{ lesson|lesson_time }}`, `{{ day|day_long }}`."""

from django import template

from classes import dates
from classes.models import Lesson

register = template.Library()

register.filter("day", dates.day)
register.filter("day_long", dates.day_long)
register.filter("clock", dates.clock)
register.filter("moment", dates.moment)


@register.filter
def lesson_time(lesson: Lesson) -> str:
    """When a lesson is, with its end."""
    return dates.span(lesson.starts_at, lesson.ends_at)
