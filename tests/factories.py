"""Rows for tests: keyword factories that fill in whatever a test does not care about."""

import itertools
from typing import Any

from django.contrib.auth.models import Group

from staff.models import StaffMember

_numbers = itertools.count(1)


def staff_member(*, role: str | None = "reception", **fields: Any) -> StaffMember:
    """Somebody who may sign in (no password: sign in with client.force_login)."""
    fields.setdefault("username", f"staff{next(_numbers)}")
    fields.setdefault("name", fields["username"])
    member = StaffMember.objects.create_user(**fields)
    if role:
        member.groups.add(Group.objects.get_or_create(name=role)[0])
    return member
