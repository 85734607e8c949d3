"""A changed record and what follows for notices and tasks (rules 1 and 20)."""

import datetime
from collections.abc import Mapping
from typing import Any

from classes import posting, staff_tasks
from classes.models import Application, Choice
from learners import people
from staff.models import StaffMember


def change(
    learner_pk: int,
    fields: Mapping[str, Any],
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[str]:
    """Change a record and return the names of the fields that changed.

    New 電話不可 turns open calls into letters, a new need for an interpreter raises its task, an
    answered question ends its task. What follows locks intakes, so it comes after the change in
    transactions of its own; the worker does the same again if we are interrupted. Raises
    people.NotAPerson.
    """
    changed = people.update(learner_pk, fields, by=by, now=now)
    if "no_phone_calls" in changed:
        posting.reroute_no_phone(now=now)
    if {"birth_date", "address", "support_needs"}.intersection(changed):
        _raise_tasks(learner_pk, now=now)
        staff_tasks.finish_answered(now=now)
    return changed


def _raise_tasks(learner_pk: int, *, now: datetime.datetime) -> None:
    for application in (
        Application.objects.active()
        .filter(learner=learner_pk)
        .select_related("learner", "intake")
        .order_by("pk")
    ):
        wishes = (
            Choice.objects.filter(party=application.party_id)
            .select_related("class_session")
            .prefetch_related("class_session__lessons")
        )
        sessions = [wish.class_session for wish in wishes]
        staff_tasks.raise_for([application], sessions, now=now)
