"""Dates of birth: read in every usual spelling, refused where no such day was, told as an era."""

import datetime
import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

OLDEST_YEARS = 120


@dataclass(frozen=True)
class Era:
    """One era with its first and last day; the last day of one may be the first of the next."""

    name: str
    label: str
    spellings: tuple[str, ...]
    first: datetime.date
    last: datetime.date

    def year_of(self, day: datetime.date) -> int:
        return day.year - self.first.year + 1


# 1912-07-30 and 1926-12-25 belong to both eras (rule 13); the later changes came at midnight.
ERAS = (
    Era("明治", gettext_noop("Meiji"), ("明治", "明", "m"), datetime.date(1868, 1, 25),
        datetime.date(1912, 7, 30)),
    Era("大正", gettext_noop("Taisho"), ("大正", "大", "t"), datetime.date(1912, 7, 30),
        datetime.date(1926, 12, 25)),
    Era("昭和", gettext_noop("Showa"), ("昭和", "昭", "s"), datetime.date(1926, 12, 25),
        datetime.date(1989, 1, 7)),
    Era("平成", gettext_noop("Heisei"), ("平成", "平", "h"), datetime.date(1989, 1, 8),
        datetime.date(2019, 4, 30)),
    Era("令和", gettext_noop("Reiwa"), ("令和", "令", "r"), datetime.date(2019, 5, 1),
        datetime.date.max),
)  # fmt: skip
ERA_OF = {spelling: era for era in ERAS for spelling in era.spellings}

_ERA = "|".join(sorted(map(re.escape, ERA_OF), key=len, reverse=True))
_DATE = re.compile(
    rf"(?P<era>{_ERA})?\s*[.\-]?\s*(?P<year>[0-9]{{1,4}})\s*(?:[年/.\-]|\s)\s*"
    r"(?P<month>[0-9]{1,2})\s*(?:[月/.\-]|\s)\s*(?P<day>[0-9]{1,2})\s*日?"
)
_COMPACT = re.compile(
    rf"(?:(?P<era>{_ERA})\s*(?P<era_year>[0-9]{{2}})|(?P<year>[0-9]{{4}}))"
    r"(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
)
_YEAR_ALONE = re.compile(rf"(?P<era>{_ERA})?\s*(?P<year>[0-9]{{1,4}})\s*年?")
_KANJI_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0}
_KANJI_UNITS = {"十": 10, "百": 100, "千": 1000}
_KANJI_NUMBER = re.compile("[〇零一二三四五六七八九十百千]+")
_DASHES = str.maketrans(
    dict.fromkeys("‐‑‒–—―─━−ー", "-") | dict.fromkeys("・、,。", ".") | {"\\": "/"}
)

UNREADABLE = _("Write the date of birth like 昭和15年3月2日, S15.3.2 or 1940/3/2.")


class ImpossibleDate(ValueError):
    """No such date of birth; the message, translated, names the reason."""


def parse(value: str | datetime.date | datetime.datetime, *, today: datetime.date) -> datetime.date:
    """The date of birth in any era or western spelling, or as Excel's own date (rule 13).

    Raises ImpossibleDate for what cannot be read, days that never were, days outside the era
    that was named, the future, and more than 120 years ago.
    """
    if isinstance(value, datetime.datetime):
        return _plausible(value.date(), today)
    if isinstance(value, datetime.date):
        return _plausible(value, today)
    return _plausible(_read(_tidy(str(value))), today)


def age_on(birth_date: datetime.date, day: datetime.date) -> int:
    """Full years on a day, counted by birthdays (満年齢, rule 14).

    The statute counts a year as full at the end of the day before the birthday. City notices
    say "60 or older on 1 April" and mean those whose 60th birthday is 1 April or earlier, so
    does this. Born on 29 February, a year is full on 1 March. Negative before the birth.
    """
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def format_era(day: datetime.date) -> str:
    """The year as seniors say it, in Japanese on every screen: 昭和14年, 昭和元年."""
    era = era_of(day)
    if era is None:
        return f"{day.year}年"
    year = era.year_of(day)
    return f"{era.name}{'元' if year == 1 else year}年"


def format_era_date(day: datetime.date) -> str:
    """The whole date as seniors say it: 昭和14年3月2日."""
    return f"{format_era(day)}{day.month}月{day.day}日"


def era_of(day: datetime.date) -> Era | None:
    """The era of a day (the new one where a day belongs to two), None before 明治."""
    return next((era for era in reversed(ERAS) if era.first <= day), None)


def _tidy(text: str) -> str:
    """ASCII digits and marks only, 元年 as year 1, without weekday, clock time or 生まれ."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES).strip().lower()
    text = re.sub(r"\s*\([月火水木金土日]\)", "", text)
    text = re.sub(r"(?:生まれ|生れ|生)$", "", text).strip()
    text = re.sub(r"[ t]00:00(?::00(?:\.0+)?)?$", "", text)
    text = re.sub(r"元(?=\s*[年/.\-])", "1", text).removeprefix("西暦").strip()
    return _KANJI_NUMBER.sub(lambda match: _kanji_number(match.group()), text)


def _kanji_number(text: str) -> str:
    """十五 as 15, 一九四〇 as 1940 (digit by digit where no unit is written)."""
    if not any(unit in text for unit in _KANJI_UNITS):
        return "".join(str(_KANJI_DIGITS[c]) for c in text)
    total, digit = 0, 0
    for c in text:
        if c in _KANJI_UNITS:
            total, digit = total + (digit or 1) * _KANJI_UNITS[c], 0
        else:
            digit = digit * 10 + _KANJI_DIGITS[c]
    return str(total + digit)


def _read(text: str) -> datetime.date:
    """The date of a tidied text; a second year in brackets must agree: 1940年(昭和15年)3月2日."""
    bracket = re.search(r"\(([^()]*)\)", text)
    if bracket:
        day = _read_plain(re.sub(r"\s*\([^()]*\)\s*", "", text))
        second = _YEAR_ALONE.fullmatch(bracket.group(1).strip())
        if second is None:
            raise ImpossibleDate(str(UNREADABLE))
        if not _same_year(day, second):
            raise ImpossibleDate(gettext("The two years of birth differ. Ask once more."))
        return day
    return _read_plain(text)


def _read_plain(text: str) -> datetime.date:
    match = _COMPACT.fullmatch(text)
    if match:
        year = match["era_year"] or match["year"]
    else:
        match = _DATE.fullmatch(text)
        if match is None:
            raise ImpossibleDate(str(UNREADABLE))
        year = match["year"]
    month, day = int(match["month"]), int(match["day"])
    if match["era"]:
        return _era_date(ERA_OF[match["era"]], int(year), month, day)
    if len(year) != 4:
        raise ImpossibleDate(str(UNREADABLE))
    return _western_date(int(year), month, day)


def _same_year(day: datetime.date, year: re.Match[str]) -> bool:
    """Whether a day lies in a year written the other way."""
    if year["era"]:
        return ERA_OF[year["era"]].year_of(day) == int(year["year"])
    return day.year == int(year["year"])


def _western_date(year: int, month: int, day: int) -> datetime.date:
    try:
        return datetime.date(year, month, day)
    except ValueError as error:
        raise ImpossibleDate(
            gettext("That year has no %(month)s/%(day)s. Ask for the date once more.")
            % {"month": month, "day": day}
        ) from error


def _era_date(era: Era, year: int, month: int, day: int) -> datetime.date:
    """A day by era, refused before its first and after its last day (rule 13)."""
    last_year = era.year_of(era.last)
    words = {"era": gettext(era.label), "year": last_year}
    if year < 1:
        raise ImpossibleDate(str(UNREADABLE))
    if year > last_year or (era.last == datetime.date.max and year > 99):
        raise ImpossibleDate(
            gettext("%(era)s ended in its year %(year)s. Ask for the date once more.") % words
        )
    date = _western_date(era.first.year + year - 1, month, day)
    if date < era.first:
        raise ImpossibleDate(
            gettext("%(era)s 1 began on %(month)s/%(day)s. Ask for the date once more.")
            % {**words, "month": era.first.month, "day": era.first.day}
        )
    if date > era.last:
        raise ImpossibleDate(
            gettext("%(era)s %(year)s ended on %(month)s/%(day)s. Ask for the date once more.")
            % {**words, "month": era.last.month, "day": era.last.day}
        )
    return date


def _plausible(date: datetime.date, today: datetime.date) -> datetime.date:
    if date > today:
        raise ImpossibleDate(
            gettext("This date of birth is in the future. Ask for the date once more.")
        )
    if age_on(date, today - datetime.timedelta(days=1)) >= OLDEST_YEARS:
        raise ImpossibleDate(
            gettext("This date of birth is more than 120 years ago. Ask for the date once more.")
        )
    return date
