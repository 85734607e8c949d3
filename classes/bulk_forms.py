"""What a coordinator writes to many at once, and what is to be said of it (rules 49, 50 and 61)."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes import bulk, message_lint, message_texts
from classes.bulk import Draft
from classes.models import BulkMessage, ClassSession
from sms.segments import LONGEST, measure

LENGTH = BulkMessage._meta.get_field("wording").max_length


class BulkForm(forms.Form):
    """The text; `client_uuid` makes a second press change nothing."""

    client_uuid = forms.UUIDField(widget=forms.HiddenInput)
    wording = forms.CharField(
        label=_("Text"), max_length=LENGTH, widget=forms.Textarea(attrs={"rows": 4})
    )
    wording_en = forms.CharField(
        label=_("Text in English"),
        max_length=LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For people whose messages are in English. Empty: they get the other text."),
    )

    def __init__(
        self,
        *args: Any,
        class_session: ClassSession | None,
        now: datetime.datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.class_session = class_session
        self.now = now

    def clean_wording(self) -> str:
        return self._checked("wording", "ja")

    def clean_wording_en(self) -> str:
        return self._checked("wording_en", "en")

    def draft(self) -> Draft:
        """The text of a valid form."""
        data = self.cleaned_data
        return Draft(data["wording"], data["wording_en"], self.class_session)

    def warnings(self) -> list[str]:
        """What staff should think over before they confirm."""
        data = self.cleaned_data
        texts = [
            message_texts.PLACEHOLDER.sub(" ", each)
            for each in (data["wording"], data["wording_en"])
        ]
        return list(
            dict.fromkeys(said for text in texts if text for said in message_lint.in_words(text))
        )

    def _checked(self, field: str, language: str) -> str:
        wording = " ".join(str(self.cleaned_data[field]).split())
        allowed = bulk.placeholders(self.class_session)
        for name in message_texts.placeholders(wording):
            if name not in allowed:
                raise forms.ValidationError(
                    gettext("{%(name)s} cannot be filled in here. Choose from the list.")
                    % {"name": name}
                )
        if "{" in (rest := message_texts.PLACEHOLDER.sub("", wording)) or "}" in rest:
            raise forms.ValidationError(
                gettext("A brace { or } stands alone. Insert placeholders from the list.")
            )
        if message_lint.has_link(message_texts.PLACEHOLDER.sub(" ", wording)):
            raise forms.ValidationError(message_lint.a_link())
        if not wording:
            return wording
        text = bulk.fill(Draft(wording, wording, self.class_session), language, at=self.now)
        if text is None:
            raise forms.ValidationError(
                gettext("It names a lesson, and no lesson of this class lies ahead.")
            )
        if (size := measure(text)).is_refused:
            raise forms.ValidationError(
                gettext("%(units)d units with the longest names: networks carry %(most)d.")
                % {"units": size.units, "most": LONGEST}
            )
        return wording
