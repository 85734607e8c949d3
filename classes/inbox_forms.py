"""What staff type in the inbox: an answer by SMS, and a number alone."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classes import message_lint
from sms import phone_numbers, segments


class AnswerForm(forms.Form):
    """A text to whoever wrote, with what it costs."""

    client_uuid = forms.UUIDField(widget=forms.HiddenInput)
    body = forms.CharField(
        label=gettext_lazy("Answer by SMS"),
        help_text=gettext_lazy("No links and no names: others may read it."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": segments.LONGEST}),
    )

    @classmethod
    def begin(cls) -> "AnswerForm":
        return cls(initial={"client_uuid": uuid.uuid4()})

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"].replace("\r\n", "\n")
        if segments.measure(body).is_refused:
            words = _("At most %(count)d letters: no network carries a longer text.")
            raise forms.ValidationError(words % {"count": segments.LONGEST})
        if message_lint.has_link(body):  # rule 50
            raise forms.ValidationError(_("Write it without a link."))
        return body


class NumberAloneForm(forms.Form):
    """Somebody says that a number is theirs and not the person's we mean, or wants no messages."""

    WRONG, STOP = "wrong", "stop"

    number = forms.CharField(
        label=gettext_lazy("Phone number"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    what = forms.ChoiceField(
        label=gettext_lazy("What they say"),
        choices=(
            (WRONG, gettext_lazy("The number is theirs: we mean another person")),
            (STOP, gettext_lazy("They want no more messages at this number")),
        ),
        widget=forms.RadioSelect,
        initial=WRONG,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        spoken = cleaned.get("number", "")
        if spoken:
            try:
                parsed = phone_numbers.parse(spoken, area_code=settings.CITY_AREA_CODE)
                cleaned["e164"] = parsed.e164
            except phone_numbers.InvalidNumber as error:
                self.add_error("number", str(error))
        return cleaned
