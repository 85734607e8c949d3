"""What an operator enters about one call; the sentence that was shown comes back signed."""

import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes.call_attempts import Answer, Outcome, Try
from classes.call_list import Panel

SALT = "call-sentence"
# When somebody asks to be called back: not before this hour, and not so late that it is forgotten.
FIRST_CALL = datetime.time(8)
MOST_DAYS = 60


class AttemptForm(forms.Form):
    """One try. `now` is when it was pressed; `numbers` are those the person has."""

    outcome = forms.ChoiceField(choices=Outcome.choices, required=False)
    answer = forms.ChoiceField(
        choices=[("", ""), *((answer.value, answer.value) for answer in Answer)], required=False
    )
    client_uuid = forms.UUIDField(widget=forms.HiddenInput)
    sentence = forms.CharField(widget=forms.HiddenInput, required=False)
    number = forms.CharField(max_length=20, required=False)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    counts_as_told = forms.BooleanField(label=_("Counts as told"), required=False)
    call_back_at = forms.DateTimeField(
        label=_("Call back at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )

    def __init__(self, *args: Any, now: datetime.datetime, panel: Panel | None, **kwargs: Any):
        super().__init__(*args, **{"auto_id": "call_%s", **kwargs})
        self.now = now
        self.panel = panel

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("answer"):
            # An answer to an offer is a call that reached somebody.
            cleaned["outcome"] = Outcome.REACHED
        outcome = cleaned.get("outcome")
        if not outcome:
            self.add_error(None, gettext("Choose how the call ended."))
        at = cleaned.get("call_back_at")
        if outcome == Outcome.CALL_BACK and (at is None or at <= self.now):
            self.add_error("call_back_at", gettext("Enter a time to come, then press 5 again."))
        elif outcome == Outcome.CALL_BACK and at is not None and not _may_call_at(at, self.now):
            self.add_error(
                "call_back_at",
                gettext(
                    "Enter a time between %(first)s and %(last)s within the next %(days)d days."
                )
                % {
                    "first": f"{FIRST_CALL:%H:%M}",
                    "last": f"{settings.CALLS_UNTIL:%H:%M}",
                    "days": MOST_DAYS,
                },
            )
        is_offer = self.panel is not None and self.panel.is_offer
        if outcome == Outcome.REACHED and is_offer and not cleaned.get("answer"):
            self.add_error(None, gettext("Choose what they answered."))
        return cleaned

    def to_try(self) -> Try:
        """The checked entry."""
        entered = self.cleaned_data
        outcome = Outcome(entered["outcome"])
        known = {number.e164 for number in self.panel.numbers} if self.panel else set()
        return Try(
            client_uuid=entered["client_uuid"],
            outcome=outcome,
            number=entered["number"] if entered["number"] in known else "",
            note=entered["note"],
            sentence=read_sentence(entered["sentence"]),
            call_back_at=entered["call_back_at"] if outcome == Outcome.CALL_BACK else None,
            counts_as_told=entered["counts_as_told"],
            answer=Answer(entered["answer"]) if entered["answer"] else None,
        )


def _may_call_at(at: datetime.datetime, now: datetime.datetime) -> bool:
    """Whether somebody would be called at this time of the day, and soon enough to matter."""
    clock = timezone.localtime(at).time()
    return FIRST_CALL <= clock <= settings.CALLS_UNTIL and at <= now + datetime.timedelta(MOST_DAYS)


def sign_sentence(sentence: str) -> str:
    """The sentence as the page carries it, so that exactly what was shown is kept (rule 19)."""
    return signing.dumps(sentence, salt=SALT)


def read_sentence(signed: str) -> str:
    """The sentence that was shown, or "" if it is not from us."""
    try:
        return str(signing.loads(signed, salt=SALT))
    except signing.BadSignature:
        return ""
