"""The classes somebody asks for: read before the lock, compared with the database under it.

Reading a class with its course, venue and lessons is the dearest part of a registration, and while
one operator holds the intake's row the others wait. So it is read first; under the lock one short
query tells whether it changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from classes.locking import require_lock
from classes.models import ClassSession, Intake

# What changes under the intake's lock and matters to a registration.
_STATE = (
    "pk",
    "capacity",
    "cancelled_at",
    "lessons__pk",
    "lessons__revision",
    "lessons__cancelled_at",
)


@dataclass(frozen=True)
class Wishes:
    """Ranked class sessions of one intake, as they stood a moment ago."""

    pks: tuple[int, ...]
    # Those of them that are running classes of the intake.
    found: dict[int, ClassSession]

    @property
    def first(self) -> int | None:
        """The first wish, if there is such a class."""
        return self.pks[0] if self.pks and self.pks[0] in self.found else None


def read(intake_pk: int, pks: Sequence[int]) -> Wishes:
    """The wishes in their order, with course, venue and lessons. Raises ValueError for none."""
    if not pks:
        raise ValueError("a registration needs a class")
    running = ClassSession.objects.running().filter(pk__in=pks, intake=intake_pk)
    complete = running.select_related("course__level__current", "venue").prefetch_related("lessons")
    return Wishes(tuple(dict.fromkeys(pks)), {session.pk: session for session in complete})


def confirm(wishes: Wishes, intake: Intake) -> tuple[ClassSession, ...]:
    """The class sessions as they stand under the lock.

    Raises ValueError for one that is not a running class of this intake.
    """
    require_lock(intake)
    here = ClassSession.objects.filter(pk__in=wishes.pks, intake=intake)
    if set(here.order_by().values_list(*_STATE)) != _state(wishes):
        wishes = read(intake.pk, wishes.pks)
    if any(pk not in wishes.found for pk in wishes.pks):
        raise ValueError("a wish is not a running class of this intake")
    for session in wishes.found.values():
        session.intake = intake
    return tuple(wishes.found[pk] for pk in wishes.pks)


def _state(wishes: Wishes) -> set[tuple[object, ...]]:
    state: set[tuple[object, ...]] = set()
    for session in wishes.found.values():
        here = (session.pk, session.capacity, session.cancelled_at)
        lessons = session.lessons.all()
        state |= {(*here, one.pk, one.revision, one.cancelled_at) for one in lessons}
        if not lessons:
            state.add((*here, None, None, None))
    return state
