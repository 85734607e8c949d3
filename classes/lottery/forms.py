"""Typing the rules of a draw, and its seed."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes.lottery import tiers
from classes.lottery.draw import LONGEST_SEED
from classes.models import LotteryDraw

NUMBERS = ("losses", "rounds", "months")


class TiersWidget(forms.Widget):
    """A row for each tier: its kind, and the numbers that this kind needs."""

    use_fieldset = True

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = value if isinstance(value, list) else []
        shown = [
            {"number": number + 1, **(rows[number] if number < len(rows) else {})}
            for number in range(tiers.MOST_TIERS)
        ]
        context = {
            "name": name,
            "id": (attrs or {}).get("id", f"id_{name}"),
            "rows": shown,
            "kinds": tiers.KINDS,
            "disabled": bool((attrs or {}).get("disabled")),
        }
        return SafeString(render_to_string("classes/_tiers_widget.html", context))

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """The rows as typed, those without a kind left out; None where none was sent."""
        if f"{name}-1-kind" not in data:
            return None
        rows = []
        for number in range(1, tiers.MOST_TIERS + 1):
            kind = data.get(f"{name}-{number}-kind", "")
            if kind:
                typed = {each: data.get(f"{name}-{number}-{each}", "") for each in NUMBERS}
                rows.append({"kind": kind, **typed})
        return rows

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-1-kind"


class TiersField(forms.Field):
    """Ordered tiers in their stored form (classes.lottery.tiers)."""

    widget = TiersWidget

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        """Raises ValidationError with the row's own fault."""
        try:
            read = tiers.read([_with_numbers(row) for row in value or []])
        except tiers.NotATier as error:
            raise forms.ValidationError(str(error)) from error
        return [tier.as_json() for tier in read]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (initial or []))
        except forms.ValidationError:
            return True


class SeedForm(forms.Form):
    """The seed with where it is from; the last look before the draw."""

    source = forms.ChoiceField(
        label=_("Where the seed is from"),
        choices=LotteryDraw.SeedSource.choices,
        widget=forms.RadioSelect,
    )
    seed = forms.CharField(
        label=_("Seed"),
        max_length=LONGEST_SEED,
        required=False,
        help_text=_(
            "As thrown or as published, e.g. 4 2 6 1 3 5. Empty where the software makes it."
        ),
    )
    note = forms.CharField(
        label=_("Which one"),
        max_length=200,
        required=False,
        help_text=_("e.g. six dice thrown by two residents, or the newspaper and its day."),
    )
    is_sure = forms.BooleanField(
        label=_("The list and its hash are printed. This seed draws; nobody can change it after."),
        error_messages={"required": _("Confirm that the list and its hash are printed.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"source": LotteryDraw.SeedSource.DICE})
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        generated = data.get("source") == LotteryDraw.SeedSource.GENERATED
        if not generated and not (data.get("seed") or "").strip() and "seed" not in self.errors:
            self.add_error(
                "seed", gettext("Enter the seed: the numbers thrown, or the published number.")
            )
        if generated and (data.get("seed") or "").strip():
            self.add_error(
                "seed", gettext("Leave the seed empty, or choose where the typed one is from.")
            )
        published = data.get("source") == LotteryDraw.SeedSource.PUBLISHED
        if published and not (data.get("note") or "").strip():
            self.add_error("note", gettext("Say which number it is and where anybody can read it."))
        return data


def _with_numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """A typed row with its numbers as numbers; what is no number stays, to be refused."""
    return {
        name: int(value) if isinstance(value, str) and value.strip().isdecimal() else value
        for name, value in row.items()
    }
