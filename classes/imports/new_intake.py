"""The intake that a classes' workbook brings, and what is assumed where nothing was said."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext

from classes.models import Intake

MIN_AGE = 60
OPENS = datetime.time(9)
CLOSES = datetime.time(17)


class OptionsRefused(ValueError):
    """The options make no intake; the message, translated, says why."""


@dataclass(frozen=True)
class IntakeOptions:
    """What was said about the intake; None and "" where nothing was."""

    code: str
    method: str = Intake.Method.FIRST_COME
    min_age: int | None = MIN_AGE
    # None: the city; "": anyone may apply.
    residence: str | None = None
    reference_date: datetime.date | None = None
    opens_at: datetime.datetime | None = None
    closes_at: datetime.datetime | None = None

    def as_json(self) -> dict[str, str]:
        """As kept with a batch; empty where nothing was said."""
        return {
            "code": self.code,
            "method": self.method,
            "min_age": "" if self.min_age is None else str(self.min_age),
            "residence": settings.CITY_NAME if self.residence is None else self.residence,
            "reference_date": self.reference_date.isoformat() if self.reference_date else "",
            "opens_at": self.opens_at.isoformat() if self.opens_at else "",
            "closes_at": self.closes_at.isoformat() if self.closes_at else "",
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> "IntakeOptions":
        def moment(name: str) -> datetime.datetime | None:
            text = stored.get(name)
            return datetime.datetime.fromisoformat(text) if text else None

        day = stored.get("reference_date")
        return cls(
            code=stored["code"],
            method=stored["method"],
            min_age=int(stored["min_age"]) if stored["min_age"] else None,
            residence=stored["residence"],
            reference_date=datetime.date.fromisoformat(day) if day else None,
            opens_at=moment("opens_at"),
            closes_at=moment("closes_at"),
        )


def plan_intake(options: IntakeOptions, first_lesson: datetime.datetime) -> Intake:
    """The intake, not saved: opens on the first of the month before the first lesson at 9:00,
    closes the day before it at 17:00, ages reckoned on 1 April of its fiscal year (rule 14).

    Raises OptionsRefused for a code or times that cannot be.
    """
    zone = timezone.get_default_timezone()
    first = first_lesson.astimezone(zone).date()
    month_before = (first.replace(day=1) - datetime.timedelta(days=1)).replace(day=1)
    fiscal_year = first.year if first.month >= 4 else first.year - 1
    month = f"{first.month}月"
    intake = Intake(
        code=options.code,
        title=f"{month}募集",
        spoken_name=month,
        opens_at=options.opens_at or datetime.datetime.combine(month_before, OPENS, tzinfo=zone),
        closes_at=options.closes_at
        or datetime.datetime.combine(first - datetime.timedelta(days=1), CLOSES, tzinfo=zone),
        method=options.method,
        min_age=options.min_age,
        residence=settings.CITY_NAME if options.residence is None else options.residence,
        reference_date=options.reference_date or datetime.date(fiscal_year, 4, 1),
    )
    if intake.closes_at <= intake.opens_at:
        raise OptionsRefused(gettext("Reception must close after it opens."))
    check_code(options.code)
    return intake


def check_code(code: str) -> None:
    """Raises OptionsRefused unless receipts can begin with this code."""
    try:
        Intake._meta.get_field("code").run_validators(code)
    except ValidationError as error:
        raise OptionsRefused(
            gettext("The intake's code takes letters, digits and hyphens, like 2026-10.")
        ) from error
