"""The four roles, which are groups in the database, and how a table of routes is read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from staff.models import StaffMember

RECEPTION: Final = "reception"
INSTRUCTOR: Final = "instructor"
COORDINATOR: Final = "coordinator"
ADMINISTRATOR: Final = "administrator"

ALL: Final = (RECEPTION, INSTRUCTOR, COORDINATOR, ADMINISTRATOR)

LABELS: Final = {
    RECEPTION: pgettext_lazy("role", "reception"),
    INSTRUCTOR: pgettext_lazy("role", "instructor"),
    COORDINATOR: pgettext_lazy("role", "coordinator"),
    ADMINISTRATOR: pgettext_lazy("role", "administrator"),
}

# Not groups: whom a route admits besides (config/permissions.py).
ANYONE: Final = "*anyone*"
SIGNED_IN: Final = "*signed in*"

Row = Mapping[str, frozenset[str]]


def label(name: str) -> str:
    """A role in the language of the screen."""
    return str(LABELS.get(name, name))


def row_of(table: Mapping[str, Row], route: str) -> Row | None:
    """The line for a route: its own, else that of its whole namespace ("admin:*")."""
    namespace, colon, _name = route.partition(":")
    if route in table or not colon:
        return table.get(route)
    return table.get(f"{namespace}:*")


def admits(allowed: frozenset[str], user: "StaffMember | AnonymousUser") -> bool:
    """Whether a person is among those allowed."""
    if ANYONE in allowed:
        return True
    if not user.is_authenticated:
        return False
    return SIGNED_IN in allowed or user.has_role(*allowed)
