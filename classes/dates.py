"""Days and times the way a city office writes them, and the way English does."""

import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language

Day = datetime.date | datetime.datetime | None


def day(value: Day) -> str:
    """「10/5(月)」 or "Mon 5 Oct"; nothing for no day."""
    return _written(value, ja="n/j(D)", en="D j M")


def day_long(value: Day) -> str:
    """「2026年10月5日(月)」 or "Monday 5 October 2026"."""
    return _written(value, ja="Y年n月j日(D)", en="l j F Y")


def month(value: Day) -> str:
    """「2026年10月」 or "October 2026"."""
    return _written(value, ja="Y年n月", en="F Y")


def clock(value: datetime.datetime | datetime.time | None) -> str:
    """「10:00」, of 24 hours in both languages."""
    if isinstance(value, datetime.datetime):
        value = localtime(value)
    return f"{value:%H:%M}" if value else ""


def moment(value: datetime.datetime | None) -> str:
    """「2026年10月5日(月) 10:00」 or "Mon 5 Oct 2026, 10:00"."""
    return _written(value, ja="Y年n月j日(D) H:i", en="D j M Y, H:i")


def span(begins: datetime.datetime, ends: datetime.datetime) -> str:
    """「10/5(月) 10:00–12:00」 or "Mon 5 Oct 10:00–12:00", of one lesson."""
    return f"{day(begins)} {clock(begins)}–{clock(ends)}"


def _written(value: Day, *, ja: str, en: str) -> str:
    if not value:
        return ""
    if isinstance(value, datetime.datetime):
        value = localtime(value)
    return str(date_format(value, en if get_language() == "en" else ja))
