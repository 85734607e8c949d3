"""Keys of rows as a page posts them: one that no row can have is no key, never an error."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

# The largest key a column holds; a longer one is refused by the database itself.
LARGEST = 2**63 - 1
_DIGITS = len(str(LARGEST))


def posted_key(typed: str) -> int | None:
    """The key that was posted; None for anything a row cannot have."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS):
        return None
    key = int(typed)
    return key if key <= LARGEST else None


def posted_keys(typed: Iterable[str]) -> list[int]:
    """The keys among what was posted, in its order."""
    return [key for key in map(posted_key, typed) if key is not None]


class RowsField(forms.ModelMultipleChoiceField):
    """Rows ticked in a form; a key that no row can have is a wrong choice like any other."""

    def clean(self, value: Any) -> "QuerySet[Model]":
        for typed in value if isinstance(value, list | tuple) else ():
            if posted_key(str(typed)) is None:
                raise ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": typed},
                )
        return super().clean(value)
