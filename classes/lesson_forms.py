"""What is typed on the class-day board: somebody new who walked in, what a lesson looks at."""

from typing import Any

from django import forms
from django.utils.translation import gettext

from classes.desk_forms import NewPersonForm, is_latin


class WalkInForm(NewPersonForm):
    """Somebody new at the door: name and kana suffice; a number only if it is at hand."""

    SHOWN = ("name", "kana", "phone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "walkin")
        super().__init__(*args, **kwargs)

    @property
    def shown_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.SHOWN]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        name = data.get("name", "")
        if name and "kana" in data and not data["kana"] and not is_latin(name):
            self.add_error("kana", gettext("Ask how the name is read, and write it in kana."))
        return data
