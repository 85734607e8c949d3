"""The two sheets for the wall: in the city's language whoever prints them, without a name."""

import json
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import override

from classes.lottery import pages, why
from classes.lottery.listing import Summary
from classes.lottery.pages import ClassResult
from classes.models import Intake, LotteryDraw

# From so many numbers on, the result is set in small type, so that it stays one page.
MANY_NUMBERS = 300


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What both sheets say: the list in figures, where to ask, and the language of the paper."""

    summary: Summary
    phone: str = field(default_factory=lambda: settings.CITY_PHONE)
    language: str = field(default_factory=lambda: settings.LANGUAGE_CODE)


@dataclass(frozen=True, kw_only=True)
class ResultSheet(Sheet):
    """Receipts class by class, and how anybody checks them."""

    results: tuple[ClassResult, ...]
    tiers: list[tuple[int, str]]
    # A receipt to show the digest with; empty where nobody applied.
    example: str
    # Seats kept for repeating, per class.
    kept: int
    has_seat_per_choice: bool

    @property
    def is_dense(self) -> bool:
        return sum(len(each.seated) + len(each.line) for each in self.results) > MANY_NUMBERS


def list_sheet(run: LotteryDraw) -> Sheet:
    """Before the draw: the hash and the figures."""
    with override(settings.LANGUAGE_CODE):
        return Sheet(summary=pages.summary_of(run))


def result_sheet(run: LotteryDraw) -> ResultSheet:
    """After the draw: seed, hash, receipts class by class, and the steps that led there."""
    walked = why.walked(run)
    rules = json.loads(run.list_text)["rules"]
    with override(settings.LANGUAGE_CODE):
        return ResultSheet(
            summary=pages.summary_of(run),
            results=pages.results(run),
            tiers=pages.tiers_of(run),
            example=walked.reasons[0].drawn.entry.receipt if walked.reasons else "",
            kept=rules["kept"],
            has_seat_per_choice=rules["seats"] == Intake.SeatRule.PER_CHOICE,
        )
