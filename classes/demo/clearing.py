"""Taking a demo away: every row of ours but the ladder and the staff."""

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from staff.models import AccessEvent, AccessSubject

_APPS = ("classes", "learners")
# The ladder ships with the migrations; accounts stay, so that whoever is signed in stays so.
_MODELS = ("skill_levels.Placement", "skill_levels.Assessment")


@transaction.atomic
def clear() -> None:
    """Delete every intake, place, call, learner and access record; keeps levels and accounts.

    Rows point at each other in circles; foreign keys are checked when the transaction ends.
    """
    models: list[type[Model]] = [AccessSubject, AccessEvent]
    models += [apps.get_model(label) for label in _MODELS]
    for name in _APPS:
        models += apps.get_app_config(name).get_models(include_auto_created=True)
    for model in models:
        rows = model._base_manager.all()
        # Append-only rows refuse to be deleted by the app; a demo that goes takes them along.
        rows._raw_delete(rows.db)
