"""Forms of the import pages: which workbook, into which intake, and a row put right."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from classes.imports.headers import CALLER_FIELDS, CLASS_FIELDS
from classes.imports.judging import NEW_PERSON
from classes.imports.new_intake import MIN_AGE, IntakeOptions, OptionsRefused, check_code
from classes.imports.pages import Fixable
from classes.models import ImportBatch, Intake
from learners.birth_dates import format_era_date
from learners.models import Learner

_XLSX = ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_field() -> forms.FileField:
    """One Excel workbook, of the size that is read."""
    return forms.FileField(
        label=_("Workbook"),
        widget=forms.FileInput(attrs={"accept": _XLSX}),
        help_text=format_lazy(
            _("An Excel file (.xlsx) of at most {size} MB."),
            size=settings.IMPORT_MAX_BYTES // (1024 * 1024),
        ),
        allow_empty_file=True,
    )


class CallersUploadForm(forms.Form):
    """A workbook of callers into an intake that has classes."""

    prefix = "callers"

    file = workbook_field()
    intake = forms.ModelChoiceField(
        Intake.objects.none(), label=_("Intake"), to_field_name="code", empty_label=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["intake"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Intake.objects.filter(class_sessions__isnull=False).distinct()


class ClassesUploadForm(forms.Form):
    """A workbook of classes; the intake is made where its code is new."""

    prefix = "classes"

    file = workbook_field()
    code = forms.CharField(
        label=_("Code of the intake"),
        max_length=20,
        help_text=_(
            "Stands before each receipt number, e.g. 2026-10. A new code makes a new intake."
        ),
    )
    method = forms.ChoiceField(
        label=_("Method"), choices=Intake.Method.choices, initial=Intake.Method.FIRST_COME
    )
    min_age = forms.IntegerField(
        label=_("Youngest age"), min_value=0, max_value=120, initial=MIN_AGE, required=False
    )
    residence = forms.CharField(
        label=_("Residents of"),
        max_length=40,
        required=False,
        help_text=_("Empty: anyone may apply."),
    )
    reference_date = forms.DateField(
        label=_("Age is reckoned on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: 1 April of the fiscal year of the first lesson."),
    )
    opens = forms.DateTimeField(
        label=_("Reception opens"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: the 1st of the month before the first lesson, 9:00."),
    )
    closes = forms.DateTimeField(
        label=_("Reception closes"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: the day before the first lesson, 17:00."),
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        try:
            check_code(code)
        except OptionsRefused as error:
            raise forms.ValidationError(str(error)) from error
        return code

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        opens, closes = said.get("opens"), said.get("closes")
        if opens and closes and closes <= opens:
            self.add_error("closes", _("Reception must close after it opens."))
        return said

    def options(self) -> IntakeOptions:
        said = self.cleaned_data
        return IntakeOptions(
            code=said["code"],
            method=said["method"],
            min_age=said["min_age"] or None,
            residence=said["residence"].strip(),
            reference_date=said["reference_date"],
            opens_at=said["opens"],
            closes_at=said["closes"],
        )


class ColumnsForm(forms.Form):
    """One select per column whose header nobody knows."""

    def __init__(self, batch: ImportBatch, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        callers = batch.kind == ImportBatch.Kind.CALLERS
        self.columns: dict[str, tuple[str, str]] = {}
        for order, (title, sheet) in enumerate(batch.mapping["sheets"].items()):
            taken = set(sheet["columns"].values())
            labels = CALLER_FIELDS if callers else CLASS_FIELDS
            free = [(name, label) for name, label in labels.items() if name not in taken]
            for letter, header in sheet["unknown"].items():
                key = f"column-{order}-{letter}"
                self.columns[key] = (title, letter)
                self.fields[key] = forms.ChoiceField(
                    label=f"{title}!{letter}{sheet['header_row']} 「{header}」",
                    choices=[("", _("keep as a remark")), *free],
                    required=False,
                )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        seen: set[tuple[str, str]] = set()
        for key, (title, _letter) in self.columns.items():
            name = said.get(key)
            if name and (title, name) in seen:
                self.add_error(key, _("Another column of this sheet was given the same meaning."))
            elif name:
                seen.add((title, name))
        return said

    def chosen(self) -> dict[str, dict[str, str]]:
        """Sheet → letter → field."""
        result: dict[str, dict[str, str]] = {}
        for key, (title, letter) in self.columns.items():
            result.setdefault(title, {})[letter] = self.cleaned_data[key]
        return result


class RowForm(forms.Form):
    """A waiting row as it reads now, to be put right."""

    def __init__(
        self,
        fields: list[Fixable],
        candidates: list[Learner],
        *args: Any,
        may_override: bool,
        is_couple: bool,
        may_join: Sequence[tuple[int, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fixable = fields
        for one in fields:
            long = one.name == "note"
            self.fields[f"cell-{one.name}"] = forms.CharField(
                label=one.label,
                initial=one.text,
                required=False,
                max_length=2000 if long else 200,
                widget=forms.Textarea(attrs={"rows": 3})
                if long
                else forms.TextInput(attrs={"autocomplete": "off"}),
                help_text=one.place,
            )
        if candidates:
            self.fields["learner"] = forms.ChoiceField(
                label=_("Who is it?"),
                required=False,
                widget=forms.RadioSelect,
                choices=[
                    *((str(person.pk), _describe(person)) for person in candidates),
                    (NEW_PERSON, _("somebody new")),
                ],
            )
        if may_join:
            self.fields["tie_to"] = forms.TypedChoiceField(
                label=_("Comes together with"),
                required=False,
                coerce=int,
                empty_value=None,
                choices=[("", _("nobody, or somebody who is in already")), *may_join],
                help_text=_("Rows of this workbook that wait as well. Both then go in as a pair."),
            )
        if is_couple:
            self.fields["alone"] = forms.BooleanField(
                label=_("Register each of the two alone"), required=False
            )
        if may_override:
            self.fields["override_reason"] = forms.CharField(
                label=_("Accept as an exception, because"),
                required=False,
                max_length=200,
                help_text=_(
                    "Age, residence and level only. The reason is kept with the application."
                ),
            )

    def fixed(self) -> dict[str, str]:
        """What differs from what was read: field → text."""
        said = self.cleaned_data
        changed = {
            one.name: said[f"cell-{one.name}"].strip()
            for one in self.fixable
            if said[f"cell-{one.name}"].strip() != one.text.strip()
        }
        if said.get("learner"):
            changed["learner"] = said["learner"]
        return changed


class SetAsideForm(forms.Form):
    """A row that will not go in, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


def _describe(person: Learner) -> str:
    """What tells people of one name apart (rule 5)."""
    born = format_era_date(person.birth_date) if person.birth_date else str(_("age not confirmed"))
    parts = [person.display_name, person.kana, born, person.town]
    return "  ".join(part for part in parts if part)
