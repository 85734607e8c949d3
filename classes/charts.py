"""Bar charts as SVG drawn on the server: geometry here, the picture in classes/_chart.html."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 720
LABEL = 190
FIGURE = 56
ROW = 34
BAR = 22
# How much of a label fits, in halves of a full-width letter.
LABEL_HALVES = 25


@dataclass(frozen=True)
class Part:
    """One piece of a bar, in units of the drawing."""

    kind: str
    value: int
    x: float
    width: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def shows_figure(self) -> bool:
        """Whether its number fits into it."""
        return self.width >= 22


@dataclass(frozen=True)
class Bar:
    """One row: its label, its pieces from left to right, and what stands at its end."""

    label: str
    y: int
    parts: tuple[Part, ...]
    total: int

    @property
    def short_label(self) -> str:
        """As much of the label as fits beside the bar."""
        left, kept = LABEL_HALVES, ""
        for letter in self.label:
            left -= 2 if unicodedata.east_asian_width(letter) in "FW" else 1
            if left < 0:
                return f"{kept[:-1]}…"
            kept += letter
        return kept

    @property
    def text_y(self) -> int:
        return self.y + BAR - 6

    @property
    def end(self) -> float:
        last = self.parts[-1] if self.parts else None
        return (last.x + last.width if last else LABEL) + 6


@dataclass(frozen=True)
class Chart:
    """Stacked bars with their legend; `kinds` are CSS classes, told apart by pattern too."""

    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...]
    height: int
    width: int = WIDTH
    bar: int = BAR

    @property
    def is_empty(self) -> bool:
        return not any(bar.total for bar in self.bars)


def stacked(rows: Sequence[tuple[str, Sequence[int]]], kinds: Sequence[tuple[str, str]]) -> Chart:
    """One bar for each row, its values side by side in the order of `kinds` (class, legend)."""
    most = max((sum(values) for _label, values in rows), default=0) or 1
    scale = (WIDTH - LABEL - FIGURE) / most
    bars = []
    for place, (label, values) in enumerate(rows):
        x = float(LABEL)
        parts = []
        for (kind, _legend), value in zip(kinds, values, strict=True):
            width = round(value * scale, 1)
            if value:
                parts.append(Part(kind, value, round(x, 1), width))
            x += width
        bars.append(Bar(label, place * ROW + 4, tuple(parts), sum(values)))
    return Chart(tuple(bars), tuple(kinds), len(rows) * ROW + 8)
