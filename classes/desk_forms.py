"""What is typed or pressed at the desk, read by the parsers of names, numbers and dates."""

import datetime
import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classes.desk_registration import Call, Caller, NewPerson
from classes.models import Application
from classes.places import WhenShort
from learners import birth_dates, names, residence
from learners.models import Learner, PhoneNumber
from sms import phone_numbers


def is_latin(name: str) -> bool:
    """Whether a name is written in Latin letters; then no kana is asked for (rule 16)."""
    letters = [letter for letter in name if letter.isalpha()]
    return bool(letters) and all(
        unicodedata.name(letter, "").startswith("LATIN") for letter in letters
    )


class NewPersonForm(forms.Form):
    """Somebody new; name, kana and phone suffice, the rest can follow later (rule 1)."""

    name = forms.CharField(label=_("Name"), max_length=80)
    kana = forms.CharField(label=_("Kana"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    birth = forms.CharField(label=_("Date of birth"), max_length=40, required=False)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    sms = forms.ChoiceField(label=_("SMS"), choices=PhoneNumber.Consent.choices, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=12, required=False)
    device = forms.ChoiceField(
        label=_("Device"), choices=[("", "—"), *Learner.Device.choices], required=False
    )
    owner = forms.ChoiceField(
        label=_("Whose number"), choices=PhoneNumber.Owner.choices, required=False
    )
    owner_name = forms.CharField(label=_("Owner's name"), max_length=80, required=False)
    no_phone = forms.BooleanField(label=_("No phone calls"), required=False)
    no_phone_reason = forms.CharField(
        label=_("Reason (e.g. hearing, no phone)"), max_length=200, required=False
    )
    loan = forms.BooleanField(label=_("Wants a loan phone"), required=False)

    MAIN = ("name", "kana", "phone", "birth", "address", "sms")
    MORE = ("postcode", "device", "owner", "owner_name", "no_phone", "no_phone_reason", "loan")

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")
        self.fields["phone"].widget.attrs["inputmode"] = "tel"

    # Of a second person: what differs is asked, what is shared comes along.
    SECOND = ("name", "kana", "phone", "birth")
    CARRIED = ("address", "postcode", "owner", "owner_name")

    @property
    def second_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.SECOND]

    @property
    def carried_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.CARRIED]

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MAIN]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE]

    def clean_name(self) -> str:
        return names.clean_name(self.cleaned_data["name"])

    def clean_kana(self) -> str:
        try:
            return names.normalise_kana(self.cleaned_data["kana"])
        except names.InvalidKana as error:
            raise forms.ValidationError(str(error)) from error

    def clean_phone(self) -> phone_numbers.ParsedNumber | None:
        typed = self.cleaned_data["phone"]
        if not typed.strip():
            return None
        try:
            return phone_numbers.parse(typed, area_code=settings.CITY_AREA_CODE)
        except phone_numbers.NoNumber:
            return None
        except phone_numbers.InvalidNumber as error:
            raise forms.ValidationError(str(error)) from error

    def clean_birth(self) -> datetime.date | None:
        typed = self.cleaned_data["birth"].strip()
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

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        name = data.get("name", "")
        if name and "kana" in data and not data["kana"] and not is_latin(name):
            self.add_error("kana", gettext("Ask how the name is read, and write it in kana."))
        if "phone" in data and data["phone"] is None:
            if not data.get("no_phone"):
                self.add_error(
                    "phone",
                    gettext("Ask for a phone number. Without one, tick “No phone calls” under M."),
                )
            elif not data.get("no_phone_reason", "").strip():
                self.add_error("no_phone_reason", gettext("Write why this person has no phone."))
        if data.get("owner") not in ("", PhoneNumber.Owner.SELF) and not data.get("owner_name"):
            # Rule 12: a number of family gets messages only when it is marked whose it is.
            self.add_error("owner_name", gettext("Write whose number this is."))
        return data

    def person(self) -> NewPerson:
        """What was typed, once valid."""
        data = self.cleaned_data
        latin = is_latin(data["name"])
        return NewPerson(
            name="" if latin else data["name"],
            kana=data["kana"],
            latin_name=data["name"] if latin else "",
            birth_date=data["birth"],
            postcode=data["postcode"],
            address=" ".join(data["address"].split()),
            device=data["device"],
            phone=data["phone"],
            phone_owner=data["owner"] or PhoneNumber.Owner.SELF,
            phone_owner_name=data["owner_name"],
            sms_consent=data["sms"],
            consent_given_by=data["owner_name"],
            no_phone_calls=data["no_phone"],
            notes=data["no_phone_reason"],
        )


class CallForm(forms.Form):
    """What belongs to the call: who, which classes, and how it reached us."""

    call_uuid = forms.UUIDField(widget=forms.HiddenInput)
    application_uuid = forms.UUIDField(widget=forms.HiddenInput)
    second_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)
    learner = forms.IntegerField(widget=forms.HiddenInput, required=False)
    second_learner = forms.IntegerField(widget=forms.HiddenInput, required=False)
    # Answers to the questions about the level, of somebody who is not on record yet.
    placement = forms.CharField(required=False)
    wishes = forms.CharField(widget=forms.HiddenInput)
    expects_seat = forms.BooleanField(widget=forms.HiddenInput, required=False)
    # Pressed after SeatGone: the caller waits for the full class all the same.
    line_up = forms.BooleanField(required=False)
    when_short = forms.CharField(required=False)
    override_reason = forms.CharField(max_length=200, required=False)
    source = forms.ChoiceField(
        label=_("Received by"),
        choices=[
            choice
            for choice in Application.Source.choices
            if choice[0] != Application.Source.IMPORT
        ],
        required=False,
    )
    written_at = forms.DateTimeField(
        label=_("Time written on it"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        required=False,
    )
    proxy_name = forms.CharField(
        label=_("Caller (if not the person)"), max_length=80, required=False
    )
    proxy_relation = forms.CharField(label=_("Relation"), max_length=40, required=False)
    proxy_phone = forms.CharField(label=_("Caller's phone"), max_length=40, required=False)
    loan_phone = forms.BooleanField(label=_("Wants a loan phone"), required=False)
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    MORE = ("source", "written_at", "proxy_name", "proxy_relation", "proxy_phone", "note")

    def __init__(self, *args: Any, moment: datetime.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.moment = moment
        for name in self.MORE:
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE]

    def clean_wishes(self) -> tuple[int, ...]:
        typed = [part for part in self.cleaned_data["wishes"].split(",") if part]
        if not typed or not all(
            part.isascii() and part.isdigit() and len(part) < 18 for part in typed
        ):
            raise forms.ValidationError(gettext("Choose a class with its digit."))
        return tuple(dict.fromkeys(int(part) for part in typed))

    def clean_when_short(self) -> WhenShort:
        try:
            return WhenShort(self.cleaned_data["when_short"] or "ask")
        except ValueError:
            return WhenShort.ASK

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        on_paper = data.get("source") in (Application.Source.PAPER, Application.Source.FAX)
        written = data.get("written_at")
        if on_paper and "written_at" in data and written is None:
            self.add_error(
                "written_at", gettext("Enter date and time as written on the paper or fax.")
            )
        elif written is not None and written > self.moment:
            self.add_error("written_at", gettext("This time is still to come."))
        return data

    def call(
        self, first: NewPerson | None, second: NewPerson | None, *, loans: tuple[bool, bool]
    ) -> Call:
        """One press, with whoever is new; `loans` says who wants a loan phone."""
        data = self.cleaned_data
        callers = [
            Caller(
                client_uuid=data["application_uuid"],
                learner_pk=data["learner"],
                new=first,
                placement=data["placement"][:60],
                wants_loan_phone=loans[0],
                note=data["note"],
            )
        ]
        if second is not None or data["second_learner"]:
            callers.append(
                Caller(
                    client_uuid=data["second_uuid"] or uuid.uuid4(),
                    learner_pk=None if second else data["second_learner"],
                    new=second,
                    wants_loan_phone=loans[1],
                )
            )
        # "Wait all the same" of two who came together: both wait, and nobody is asked once more.
        short = data["when_short"]
        if data["line_up"] and short is WhenShort.ASK:
            short = WhenShort.WAIT_TOGETHER
        source = Application.Source(data["source"] or Application.Source.PHONE)
        on_paper = source in (Application.Source.PAPER, Application.Source.FAX)
        return Call(
            client_uuid=data["call_uuid"],
            callers=tuple(callers),
            wishes=data["wishes"],
            source=source,
            received_at=data["written_at"] if on_paper else None,
            override_reason=data["override_reason"].strip(),
            expects_seat=data["expects_seat"] and not data["line_up"],
            when_short=short,
            proxy_name=data["proxy_name"],
            proxy_relation=data["proxy_relation"],
            proxy_phone=data["proxy_phone"],
        )


@dataclass(frozen=True)
class TypedCall:
    """What came with Enter: the call if all of it could be read, else the forms that say why."""

    call: Call | None
    call_form: CallForm
    first: NewPersonForm | None
    second: NewPersonForm | None

    @property
    def only_wishes_missing(self) -> bool:
        forms_of_people = [form for form in (self.first, self.second) if form is not None]
        return all(form.is_valid() for form in forms_of_people) and set(self.call_form.errors) <= {
            "wishes"
        }


def read_call(data: QueryDict, *, moment: datetime.datetime, today: datetime.date) -> TypedCall:
    """Read one press: people who have no number yet are new, with fields of their own."""
    call_form = CallForm(data, moment=moment)
    call_form.is_valid()
    second_known = bool(data.get("second_learner"))
    first = second = None
    if not data.get("learner"):
        first = NewPersonForm(data, prefix="first", today=today)
    if "second-name" in data and not second_known:
        second = NewPersonForm(data, prefix="second", today=today)
    valid = [form.is_valid() for form in (call_form, first, second) if form is not None]
    if not all(valid):
        return TypedCall(None, call_form, first, second)
    loans = (
        first.cleaned_data["loan"] if first else call_form.cleaned_data["loan_phone"],
        second.cleaned_data["loan"] if second else False,
    )
    call = call_form.call(
        first.person() if first else None, second.person() if second else None, loans=loans
    )
    return TypedCall(call, call_form, first, second)
