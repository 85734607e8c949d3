"""The one lock: the intake's row. Whatever changes applications, places, capacity or rules takes
it first, once, in the outermost function; helpers are handed the locked row (design.md)."""

from collections.abc import Iterable

from django.db import transaction

from classes.models import Intake


class NotLocked(RuntimeError):
    """A place was to be changed without holding its intake's row."""


def lock_intake(pk: int) -> Intake:
    """Lock and return one intake. Raises NotLocked outside a transaction, DoesNotExist if gone."""
    return lock_intakes([pk])[0]


def lock_intakes(pks: Iterable[int]) -> list[Intake]:
    """Lock several intakes in primary-key order, so that two who lock the same never deadlock."""
    if not transaction.get_connection().in_atomic_block:
        raise NotLocked("lock_intake needs a transaction around it")
    wanted = sorted(set(pks))
    intakes = list(Intake.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    if len(intakes) != len(wanted):
        raise Intake.DoesNotExist("No such intake.")
    for intake in intakes:
        intake.is_locked = True  # type: ignore[attr-defined]
    return intakes


def require_lock(intake: Intake) -> None:
    """Refuse to go on unless this very row came from `lock_intake` and its transaction runs."""
    if not getattr(intake, "is_locked", False):
        raise NotLocked("take classes.locking.lock_intake first")
    if not transaction.get_connection().in_atomic_block:
        raise NotLocked("the transaction that held the intake's lock has ended")
