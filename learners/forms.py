"""What is typed about a person, read by the parsers of names, dates, numbers and addresses."""

import dataclasses
import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from learners import birth_dates, names, residence
from learners.models import Learner, PhoneNumber
from learners.numbers import NumberInput
from sms import phone_numbers


class PersonForm(forms.Form):
    """Who somebody is; the emergency contact has a form of its own (rule 65)."""

    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    kana = forms.CharField(label=_("Kana"), max_length=80, required=False)
    latin_name = forms.CharField(
        label=_("Name in Latin letters"),
        max_length=80,
        required=False,
        help_text=_("For people whose name has no kana."),
    )
    birth_date = forms.CharField(
        label=_("Date of birth"),
        max_length=40,
        required=False,
        help_text=_("Like 昭和15年3月2日, S15.3.2 or 1940/3/2. Empty: age not confirmed."),
    )
    sex = forms.ChoiceField(
        label=_("Sex"), choices=[("", "—"), *Learner.Sex.choices], required=False
    )
    postcode = forms.CharField(label=_("Postcode"), max_length=12, required=False)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    language = forms.ChoiceField(
        label=_("Language of messages"), choices=Learner.Language.choices, required=False
    )
    device = forms.ChoiceField(
        label=_("Device"), choices=[("", "—"), *Learner.Device.choices], required=False
    )
    support_needs = forms.MultipleChoiceField(
        label=_("Support needs"),
        choices=Learner.SupportNeed.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    no_phone_calls = forms.BooleanField(
        label=_("No phone calls: every notice goes by letter or fax"), required=False
    )
    postal_channel = forms.ChoiceField(
        label=_("Written notices by"), choices=Learner.PostalChannel.choices, required=False
    )
    messages_paused_until = forms.DateField(
        label=_("No reminders until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Nothing that merely reminds is sent or called before this day."),
    )
    notes = forms.CharField(
        label=_("Notes"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    # What the page showed, to notice that somebody else has changed it meanwhile.
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    NAMES = ("name", "kana", "latin_name", "birth_date", "sex")
    PLACE = ("postcode", "address")
    CLASSES = ("device", "language", "support_needs")
    CONTACT = ("no_phone_calls", "postal_channel", "messages_paused_until", "notes")

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    @classmethod
    def begin(cls, learner: Learner, *, today: datetime.date, seen: int) -> "PersonForm":
        """The form filled with what stands on record."""
        own = (*cls.NAMES, *cls.PLACE, *cls.CLASSES, *cls.CONTACT)
        initial = {name: getattr(learner, name) for name in own}
        born = learner.birth_date
        initial["birth_date"] = birth_dates.format_era_date(born) if born else ""
        return cls(initial={**initial, "seen": seen}, today=today)

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as the page shows them, by subject."""
        return [
            (title, [self[name] for name in fields])
            for title, fields in (
                (gettext("Person"), self.NAMES),
                (gettext("Address"), self.PLACE),
                (gettext("For the classes"), self.CLASSES),
                (gettext("How to reach this person"), self.CONTACT),
            )
        ]

    def clean_kana(self) -> str:
        try:
            return names.normalise_kana(self.cleaned_data["kana"])
        except names.InvalidKana as error:
            raise forms.ValidationError(str(error)) from error

    def clean_birth_date(self) -> datetime.date | None:
        typed = self.cleaned_data["birth_date"].strip()
        if not typed:
            return None
        try:
            return birth_dates.parse(typed, today=self.today)
        except birth_dates.ImpossibleDate as error:
            raise forms.ValidationError(str(error)) from error

    def clean_postcode(self) -> str:
        try:
            return residence.normalise_postcode(self.cleaned_data["postcode"])
        except residence.InvalidPostcode as error:
            raise forms.ValidationError(str(error)) from error

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or Learner.Language.JAPANESE

    def clean_postal_channel(self) -> str:
        return self.cleaned_data["postal_channel"] or Learner.PostalChannel.POSTCARD

    def clean_address(self) -> str:
        return " ".join(self.cleaned_data["address"].split())

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        typed = [names.clean_name(data.get(name) or "") for name in ("name", "kana", "latin_name")]
        if not any(typed) and "kana" not in self.errors:
            self.add_error("name", gettext("Write a name: in kanji, kana or Latin letters."))
        elif typed[0] and not any(typed[1:]) and "kana" not in self.errors:
            # Rule 16: whoever has no kana has a Latin name by which to be found.
            self.add_error("kana", gettext("Write the kana, or the name in Latin letters."))
        return data

    def fields_of_person(self) -> dict[str, Any]:
        """What `people.create` and `people.update` take."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class EmergencyForm(forms.Form):
    """Whom to call if something happens."""

    emergency_name = forms.CharField(label=_("Emergency contact"), max_length=80, required=False)
    emergency_relation = forms.CharField(label=_("Relation"), max_length=40, required=False)
    emergency_phone = forms.CharField(label=_("Emergency phone"), max_length=40, required=False)

    @classmethod
    def begin(cls, learner: Learner) -> "EmergencyForm":
        return cls(initial={name: getattr(learner, name) for name in cls.base_fields})

    def clean_emergency_phone(self) -> str:
        typed = self.cleaned_data["emergency_phone"]
        if not typed.strip():
            return ""
        try:
            return phone_numbers.parse(typed, area_code=settings.CITY_AREA_CODE).national
        except phone_numbers.InvalidNumber as error:
            words = [str(error)]
            if error.suggestion:
                words.append(gettext("Is it %(number)s?") % {"number": error.suggestion})
            raise forms.ValidationError(words) from error


class NumberForm(forms.Form):
    """One number: as it was said, whose it is, and what was said about messages.

    A number without its area code is not completed silently (rule 6): `suggestion` is shown with
    a button, whose press sends it as `confirmed`.
    """

    number = forms.CharField(
        label=_("Phone number"),
        max_length=60,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    confirmed = forms.CharField(widget=forms.HiddenInput, required=False)
    line = forms.ChoiceField(label=_("Line"), choices=PhoneNumber.Line.choices, required=False)
    owner = forms.ChoiceField(
        label=_("Whose number"), choices=PhoneNumber.Owner.choices, required=False
    )
    owner_name = forms.CharField(
        label=_("Owner's name"),
        max_length=80,
        required=False,
        help_text=_("If it is not the person's own, e.g. daughter, Hanako."),
    )
    sms_consent = forms.ChoiceField(
        label=_("SMS"), choices=PhoneNumber.Consent.choices, required=False
    )
    consent_given_by = forms.CharField(
        label=_("Consent given by"),
        max_length=80,
        required=False,
        help_text=_("Empty: the owner of the number."),
    )

    SHOWN = ("number", "line", "owner", "owner_name", "sms_consent", "consent_given_by")

    def __init__(self, *args: Any, is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].required = is_required
        self.suggestion = ""

    @property
    def shown_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.SHOWN if name in self.fields]

    def clean_number(self) -> phone_numbers.ParsedNumber | None:
        typed = self.cleaned_data["number"]
        if not typed.strip():
            return None
        area_code = settings.CITY_AREA_CODE
        try:
            return phone_numbers.parse(typed, area_code=area_code)
        except phone_numbers.InvalidNumber as error:
            if error.suggestion and self.data.get(self.add_prefix("confirmed")) == error.suggestion:
                confirmed = phone_numbers.parse(error.suggestion, area_code=area_code)
                # It is kept as it was spoken, without what was only confirmed (rule 7).
                return dataclasses.replace(confirmed, spoken=" ".join(typed.split()))
            self.suggestion = error.suggestion
            raise forms.ValidationError(str(error)) from error

    def clean_line(self) -> str:
        return self.cleaned_data["line"] or PhoneNumber.Line.VOICE

    def clean_owner(self) -> str:
        return self.cleaned_data["owner"] or PhoneNumber.Owner.SELF

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        number = data.get("number")
        agreed = data.get("sms_consent") == PhoneNumber.Consent.GIVEN
        is_fax = data.get("line") == PhoneNumber.Line.FAX
        if number and agreed and (is_fax or not number.sms_capable):
            self.add_error(
                "sms_consent", gettext("No SMS reaches this number. Ask for a mobile number.")
            )
        if agreed and self._is_anothers() and not data.get("owner_name", "").strip():
            self.add_error(
                "owner_name",  # rule 12
                gettext("Write whose number this is before messages may go there."),
            )
        return data

    def number_input(self) -> NumberInput:
        """What `numbers.add` and `numbers.update` take."""
        data = self.cleaned_data
        return NumberInput(
            data["number"],
            line=data["line"],
            owner=data["owner"],
            owner_name=data["owner_name"].strip() if self._is_anothers() else "",
            sms_consent=data.get("sms_consent", ""),
            consent_given_by=data.get("consent_given_by", "").strip(),
        )

    def _is_anothers(self) -> bool:
        return self.cleaned_data.get("owner") != PhoneNumber.Owner.SELF


class NumberEditForm(NumberForm):
    """A correction; what was said about messages has a page of its own."""

    sms_consent = None  # type: ignore[assignment]
    consent_given_by = None  # type: ignore[assignment]

    @classmethod
    def begin(cls, row: PhoneNumber) -> "NumberEditForm":
        return cls(
            initial={
                "number": str(row),
                "line": row.line,
                "owner": row.owner,
                "owner_name": row.owner_name,
            }
        )


class ConsentForm(forms.Form):
    """What was said about messages to one number, and by whom (rule 11)."""

    answer = forms.ChoiceField(
        label=_("Messages to this number"),
        choices=[("given", _("agreed")), ("refused", _("not wanted"))],
        widget=forms.RadioSelect,
    )
    given_by = forms.CharField(
        label=_("Who said so"),
        max_length=80,
        help_text=_("The person, or the owner of the number."),
    )


class DeathForm(forms.Form):
    """ご逝去: on which day."""

    on = forms.CharField(
        label=_("Date of death"),
        max_length=40,
        help_text=_("The day you were told of, if the date is not known."),
    )

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_on(self) -> datetime.date:
        try:
            return birth_dates.parse(self.cleaned_data["on"], today=self.today)
        except birth_dates.ImpossibleDate as error:
            words = gettext("Write the date like 令和8年9月1日 or 2026/9/1, not later than today.")
            raise forms.ValidationError(words) from error


class MergeForm(forms.Form):
    """Why two records are one person."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
