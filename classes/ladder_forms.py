"""Forms of the ladder: one level, one competency, a workbook."""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from classes.import_forms import workbook_field
from skill_levels import curriculum
from skill_levels.curriculum import LABELS, CompetencyText, Curriculum, LevelText


class _TextForm(forms.Form):
    """What two editors may type at once: `seen` is the ladder that the page was made of."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    is_level: bool

    def __init__(self, *args: Any, ladder: Curriculum, code: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ladder = ladder
        self.known_code = code
        if code:
            self.fields["code"].disabled = True
            self.fields["code"].initial = code

    def text(self) -> LevelText | CompetencyText:
        raise NotImplementedError

    def changed_ladder(self) -> Curriculum:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.errors:
            return data
        code = data["code"]
        known = self.ladder.levels if self.is_level else self.ladder.competencies
        if not self.known_code and code in known:
            self.add_error("code", _("This code is in use. Choose another one."))
            return data
        if not self.known_code and curriculum.was_used(code, is_level=self.is_level):
            self.add_error(
                "code", _("A retired entry has this code, and its records. Choose another one.")
            )
            return data
        before = curriculum.faults(self.ladder)
        for fault in curriculum.faults(self.changed_ladder()):
            if (fault.code, fault.is_level) == (code, self.is_level):
                self.add_error(fault.field, fault.message)
            elif fault not in before and fault.field == "number":
                # Two with one order: the other one is named, the typed one is to be changed.
                taken = _("%(other)s has this order already.") % {"other": fault.code}
                self.add_error("number", taken)
            elif fault not in before:
                self.add_error(None, f"{fault.code}: {fault.message}")
        return data


class LevelForm(_TextForm):
    """A level's order, wording and phone questions."""

    is_level = True

    code = forms.CharField(label=LABELS["code"], max_length=30)
    number = forms.IntegerField(label=LABELS["number"], min_value=0, max_value=999)
    is_taught = forms.BooleanField(label=LABELS["is_taught"], required=False)
    title_ja = forms.CharField(label=LABELS["title_ja"], max_length=40)
    title_en = forms.CharField(label=LABELS["title_en"], max_length=40)
    description_ja = forms.CharField(
        label=LABELS["description_ja"], required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    description_en = forms.CharField(
        label=LABELS["description_en"], required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    phone_questions_ja = forms.CharField(
        label=LABELS["phone_questions_ja"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One to a line. The first is always asked, the others only in doubt."),
    )
    phone_questions_en = forms.CharField(
        label=LABELS["phone_questions_en"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One to a line. The first is always asked, the others only in doubt."),
    )

    @classmethod
    def begin(cls, ladder: Curriculum, code: str) -> "LevelForm":
        """The form of a level as it stands."""
        text = ladder.levels[code]
        initial = dataclasses.asdict(text) | {
            name: "\n".join(getattr(text, name))
            for name in ("phone_questions_ja", "phone_questions_en")
        }
        return cls(initial={**initial, "seen": ladder.fingerprint}, ladder=ladder, code=code)

    def text(self) -> LevelText:
        data = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        for name in ("phone_questions_ja", "phone_questions_en"):
            lines = data[name].splitlines()
            data[name] = tuple(line.strip() for line in lines if line.strip())
        return LevelText(**data)

    def changed_ladder(self) -> Curriculum:
        return self.ladder.with_level(self.text())


class CompetencyForm(_TextForm):
    """A competency's place, wording, re-check and hint."""

    is_level = False

    level = forms.ChoiceField(label=LABELS["level"])
    code = forms.CharField(
        label=LABELS["code"],
        max_length=40,
        help_text=_("Cities share ladders by these codes; it is never changed."),
    )
    number = forms.IntegerField(label=LABELS["number"], min_value=0, max_value=999)
    is_required = forms.BooleanField(label=LABELS["is_required"], required=False)
    title_ja = forms.CharField(label=LABELS["title_ja"], max_length=60)
    title_en = forms.CharField(label=LABELS["title_en"], max_length=80)
    description_ja = forms.CharField(
        label=LABELS["description_ja"], required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    description_en = forms.CharField(
        label=LABELS["description_en"], required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    recheck_days = forms.IntegerField(label=LABELS["recheck_days"], min_value=1, max_value=730)
    hint_ja = forms.CharField(
        label=LABELS["hint_ja"],
        required=False,
        help_text=_("At most 11 letters: it goes into a text message."),
    )
    hint_en = forms.CharField(label=LABELS["hint_en"], required=False)
    warns_before = forms.ChoiceField(label=LABELS["warns_before"], required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels = sorted(self.ladder.levels.values(), key=lambda each: each.number)
        choices = [(level.code, f"{level.title_ja} / {level.title_en}") for level in levels]
        for name, first in (("level", []), ("warns_before", [("", "—")])):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [*first, *choices]

    @classmethod
    def begin(cls, ladder: Curriculum, code: str) -> "CompetencyForm":
        """The form of a competency as it stands."""
        initial = dataclasses.asdict(ladder.competencies[code])
        return cls(initial={**initial, "seen": ladder.fingerprint}, ladder=ladder, code=code)

    def text(self) -> CompetencyText:
        data = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        return CompetencyText(**data)

    def changed_ladder(self) -> Curriculum:
        return self.ladder.with_competency(self.text())


class CurriculumForm(forms.Form):
    """A workbook with a whole ladder."""

    file = workbook_field()
