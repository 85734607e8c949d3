"""Who saw whose data: one event per list, written once, changed by nobody."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import ProtectedError
from django.test import RequestFactory
from django.urls import resolve

from staff import access_log
from staff.models import AccessEvent, AccessSubject
from tests import factories

NOW = factories.tokyo(2026, 10, 1, 9)


def test_a_result_list_is_one_event_with_a_row_per_person(
    db: None, django_assert_max_num_queries: Any
) -> None:  # rule 64
    who = factories.staff_member()
    seen = [factories.staff_member() for _ in range(30)]
    with django_assert_max_num_queries(4):
        event = access_log.record(
            who=who,
            now=NOW,
            route="desk",
            purpose="search",
            subjects=[*seen, seen[0]],
            field_names=("phone", "address"),
        )
    assert (event.who, event.at, event.field_names) == (who, NOW, ["address", "phone"])
    keys = event.subjects.values_list("model_label", "key")
    assert set(keys) == {("staff.StaffMember", str(member.pk)) for member in seen}
    assert event.subjects.count() == 30


def test_a_view_names_itself_and_what_was_typed_stays_out(db: None, rf: RequestFactory) -> None:
    request = rf.post("/password/", {"q": "山田"})
    request.user = AnonymousUser()
    request.resolver_match = resolve("/password/")
    event = access_log.record_view(request, [], "search")
    assert (event.route, event.method, event.who) == ("password_change", "POST", None)
    assert "山田" not in str(AccessEvent.objects.values().get())


def test_nobody_changes_or_deletes_the_log(db: None) -> None:  # rule 64
    member = factories.staff_member()
    event = access_log.record(
        who=member, now=NOW, route="desk", purpose="search", subjects=[member]
    )
    subject = event.subjects.get()
    for attempt in (
        event.save,
        event.delete,
        subject.save,
        subject.delete,
        AccessEvent.objects.all().delete,
        AccessSubject.objects.all().delete,
        event.subjects.all().delete,
        lambda: AccessEvent.objects.update(purpose="other"),
        lambda: AccessSubject.objects.bulk_update([subject], ["key"]),
        member.delete,
    ):
        with pytest.raises((TypeError, ProtectedError)), transaction.atomic():
            attempt()
    assert AccessEvent.objects.get() == event
