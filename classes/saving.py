"""Saving a form of one row, so that two who press at once get an answer, not an error page."""

from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.forms import ModelForm
from django.utils.translation import gettext

Row = TypeVar("Row", bound=Model)


def saved(form: "ModelForm[Row]") -> Row | None:
    """The saved row; None, with the form saying why, where it is not valid or came second."""
    if not form.is_valid():
        return None
    try:
        with transaction.atomic():
            row: Row = form.save()
    except IntegrityError:
        form.add_error(
            None, gettext("The same was saved at this moment. Look at the list, then save again.")
        )
        return None
    return row
