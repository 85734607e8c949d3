"""The four roles, which are groups in the database."""

from typing import Final

RECEPTION: Final = "reception"
INSTRUCTOR: Final = "instructor"
COORDINATOR: Final = "coordinator"
ADMINISTRATOR: Final = "administrator"

ALL: Final = (RECEPTION, INSTRUCTOR, COORDINATOR, ADMINISTRATOR)
