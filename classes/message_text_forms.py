"""The form in which an administrator words a text."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from classes import message_lint
from classes.message_examples import Examples, Preview
from classes.message_lint import Finding
from classes.message_wordings import TextKey
from classes.models import MessageTemplate

LABELS = {
    "city": _("the city"),
    "course": _("the class, short"),
    "date": _("day of the lesson"),
    "time": _("when it begins"),
    "venue": _("the hall, short"),
    "phone": _("the city's phone number"),
    "people": _("how many people"),
    "when": _("how soon"),
    "rank": _("number in line"),
    "deadline": _("answer by"),
    "receipt": _("receipt number"),
    "draw_date": _("day of the draw"),
    "hint": _("practice hint"),
    "old_date": _("day it was to be"),
    "reason": _("why"),
}


class WordingForm(forms.Form):
    """One wording; `seen` is the version that the page was made of."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    wording = forms.CharField(
        label=_("Wording"),
        max_length=MessageTemplate._meta.get_field("wording").max_length,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, key: TextKey, examples: Examples, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        self.examples = examples
        self.fields["wording"].widget.attrs["lang"] = key.language

    def clean_wording(self) -> str:
        wording = _in_one_line(self.cleaned_data["wording"])
        for finding in self.findings_of(wording):
            if finding.refuses:
                self.add_error("wording", finding.message)
        return wording

    @cached_property
    def typed(self) -> str:
        """What stands in the box: it stays there, whatever is wrong with it."""
        return str(self["wording"].value() or "")

    @property
    def preview(self) -> Preview:
        """What is in the box, as it would arrive."""
        typed = _in_one_line(self.typed)
        return self.examples.preview(typed, self.key.language, self.key.form, kind=self.key.kind)

    @property
    def findings(self) -> list[Finding]:
        """What is to be said of what is in the box."""
        return self.findings_of(_in_one_line(self.typed))

    def findings_of(self, wording: str) -> list[Finding]:
        """What is to be said of a wording (classes.message_lint)."""
        preview = self.examples.preview(
            wording, self.key.language, self.key.form, kind=self.key.kind
        )
        return message_lint.find(
            wording,
            preview,
            kind=self.key.kind,
            language=self.key.language,
            form=self.key.form,
        )


def _in_one_line(wording: str) -> str:
    """Browsers end a line in two letters that cost two units: a space says the same."""
    return " ".join(line.strip() for line in str(wording).splitlines()).strip()
