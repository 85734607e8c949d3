"""Days and times as cells hold them: Excel's own, as text in many spellings, or half of each."""

import datetime
import re
import unicodedata

from django.utils import timezone
from openpyxl.utils.datetime import from_excel

from classes.imports.cells import CellReading
from learners import birth_dates

# Excel counts days from 1900; a date cell that lost its format is a number in this range
# (1910 to 2119). Smaller ones are years or ages, eight digits are 19460604.
_SERIAL_DAYS = range(3_700, 80_000)
_TIME = re.compile(
    r"(?:(午前|午後|am|pm)\s*)?([0-9]{1,2})\s*(?:[:時]\s*([0-9]{1,2})?\s*分?(半)?)"
    r"\s*(?:[::]?\s*([0-9]{1,2})\s*秒?)?\s*(am|pm)?"
)
_MONTH_DAY = re.compile(r"([0-9]{1,2})\s*[月/.\-]\s*([0-9]{1,2})\s*日?")
_WEEKDAY = re.compile(r"\s*[\((][月火水木金土日](?:曜日?)?[・,、]?祝?[\))]")


class UnreadableMoment(ValueError):
    """No such day or time, or nothing that reads as one."""


def read_moment(
    moment: CellReading | None,
    day: CellReading | None,
    time: CellReading | None,
    *,
    near: datetime.datetime,
) -> datetime.datetime | None:
    """The received time of one cell, or of a day's and a time's cell; None if it is not whole.

    A day without its year is taken in the year that brings it nearest to `near`. Raises
    UnreadableMoment for days that never were and texts that are neither.
    """
    if moment is not None:
        date, clock = _split(moment, near=near)
        if date is None and day is not None:
            date = read_day(day, near=near.date())
        if clock is None and time is not None:
            clock = read_time(time)
    else:
        date = read_day(day, near=near.date()) if day else None
        clock = read_time(time) if time else None
    if date is None or clock is None:
        return None
    return _aware(datetime.datetime.combine(date, clock))


def read_day(cell: CellReading, *, near: datetime.date) -> datetime.date:
    """A day from a cell; without a year the one nearest to `near`."""
    value = cell.value
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value).date()
    return _day_from_text(_tidy(cell.text), near)


def read_time(cell: CellReading) -> datetime.time:
    """A time of day from a cell: Excel's own, a fraction of a day, or text such as 午後1時半."""
    value = cell.value
    if isinstance(value, datetime.datetime):
        return value.time().replace(microsecond=0)
    if isinstance(value, datetime.time):
        return value.replace(microsecond=0)
    if isinstance(value, int | float) and not isinstance(value, bool):
        fraction = value % 1
        if value and fraction == 0 and 1 <= value < 24:
            return datetime.time(int(value))
        seconds = round(fraction * 86_400)
        minutes, second = divmod(seconds % 86_400, 60)
        return datetime.time(minutes // 60, minutes % 60, second)
    match = _TIME.fullmatch(_tidy(cell.text))
    if match is None:
        raise UnreadableMoment(cell.text)
    return _clock(match)


def birth_value(cell: CellReading) -> str | datetime.date | datetime.datetime:
    """What `birth_dates.parse` reads: a day number without its format becomes a date again."""
    value = cell.value
    if isinstance(value, bool | datetime.time):
        return cell.text
    if isinstance(value, int | float):
        try:
            return _from_number(value)
        except UnreadableMoment:
            return cell.text
    return value


def _split(
    cell: CellReading, *, near: datetime.datetime
) -> tuple[datetime.date | None, datetime.time | None]:
    value = cell.value
    if isinstance(value, datetime.datetime):
        return value.date(), value.time().replace(microsecond=0)
    if isinstance(value, datetime.date):
        return value, None
    if isinstance(value, datetime.time):
        return None, value.replace(microsecond=0)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 0 <= value < 1:
            return None, read_time(cell)
        moment = _from_number(value)
        return moment.date(), moment.time().replace(microsecond=0)
    text = _tidy(cell.text).replace("t", " ")
    match = re.search(rf"(?:^|\s|日|頃)({_TIME.pattern})\s*頃?$", text)
    clock = None
    if match is not None and (found := _TIME.fullmatch(match.group(1).strip())) is not None:
        clock = _clock(found)
        text = text[: match.start(1)].strip()
    return (_day_from_text(text, near.date()) if text else None), clock


def _day_from_text(text: str, near: datetime.date) -> datetime.date:
    match = _MONTH_DAY.fullmatch(text)
    if match is None:
        try:
            # Any era, any separators; a day of reception is not bounded by anybody's age.
            return birth_dates.parse(text, today=datetime.date(2100, 1, 1))
        except birth_dates.ImpossibleDate as error:
            raise UnreadableMoment(text) from error
    month, day = int(match[1]), int(match[2])
    candidates = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            candidates.append(datetime.date(year, month, day))
        except ValueError:
            continue
    if not candidates:
        raise UnreadableMoment(text)
    return min(candidates, key=lambda date: abs(date - near))


def _clock(match: re.Match[str]) -> datetime.time:
    half, hour, minute, thirty, second, after = match.groups()
    hours = int(hour)
    half = half or after
    if half in ("午後", "pm") and hours < 12:
        hours += 12
    if half in ("午前", "am") and hours == 12:
        hours = 0
    try:
        return datetime.time(hours, 30 if thirty else int(minute or 0), int(second or 0))
    except ValueError as error:
        raise UnreadableMoment(match.group()) from error


def _from_number(value: float) -> datetime.datetime:
    if value == int(value) and re.fullmatch(r"(?:18|19|20)[0-9]{6}", str(int(value))):
        digits = str(int(value))
        try:
            # A day on paper belongs to no zone.
            return datetime.datetime(int(digits[:4]), int(digits[4:6]), int(digits[6:]))  # noqa: DTZ001
        except ValueError as error:
            raise UnreadableMoment(str(value)) from error
    if int(value) in _SERIAL_DAYS:
        moment = from_excel(value)
        if isinstance(moment, datetime.datetime):
            return moment
    raise UnreadableMoment(str(value))


def _tidy(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).strip().casefold()
    return re.sub(r"\s+", " ", _WEEKDAY.sub("", text)).strip()


def _aware(moment: datetime.datetime) -> datetime.datetime:
    return timezone.make_aware(moment, timezone.get_default_timezone())
