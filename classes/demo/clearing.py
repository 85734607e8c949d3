"""Taking a demo away: every row of ours but the ladder, the staff and the sending hours."""

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from staff.models import AccessEvent, AccessSubject

_APPS = ("classes", "learners", "sms")
# When messages may go out is the city's own, whoever is told.
_KEPT = ("sms.SendingHours", "sms.DayOff")
# The ladder ships with the migrations; accounts stay, so that whoever is signed in stays so.
_MODELS = ("skill_levels.Placement", "skill_levels.Assessment")


@transaction.atomic
def clear() -> None:
    """Delete every intake, place, call, message, learner and access record.

    Levels, accounts and sending hours stay.

    Rows point at each other in circles; foreign keys are checked when the transaction ends.
    """
    models: list[type[Model]] = [AccessSubject, AccessEvent]
    models += [apps.get_model(label) for label in _MODELS]
    for name in _APPS:
        models += apps.get_app_config(name).get_models(include_auto_created=True)
    models = [model for model in models if model._meta.label not in _KEPT]
    for model in models:
        rows = model._base_manager.all()
        # Append-only rows refuse to be deleted by the app; a demo that goes takes them along.
        rows._raw_delete(rows.db)
