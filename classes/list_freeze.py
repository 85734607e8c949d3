"""The list of an intake stands still from its freezing until its draw (rule 25)."""

from django.utils.translation import gettext

from classes.locking import require_lock
from classes.models import Intake


class ListFrozen(ValueError):
    """Applications, choices and capacities stand still now; the message, translated, says so."""


def require_open(intake: Intake) -> None:
    """Raise ListFrozen between freezing and draw; the intake's lock must be held."""
    require_lock(intake)
    if intake.list_frozen_at is not None:
        raise ListFrozen(
            gettext(
                "The list is frozen for the draw, so this cannot be changed now. Draw first, or "
                "take the freezing back."
            )
        )
