"""The ground that every other test stands on."""

import pytest
from django.contrib.auth.models import Group

from skill_levels.models import SkillLevel
from staff import roles


@pytest.mark.parametrize("turn", ["before the tables are emptied", "after"])
@pytest.mark.django_db(transaction=True)
def test_rows_of_migrations_are_there_with_real_transactions(turn):
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ALL)
    assert SkillLevel.objects.count() >= 3
    assert all(level.current for level in SkillLevel.objects.all())
