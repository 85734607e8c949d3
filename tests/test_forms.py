"""No form of any app breaks on a key that no row can have."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms
from django.urls import reverse

from staff.keys import LARGEST, RowsField, posted_key, posted_keys
from staff.models import StaffMember
from tests import factories
from tests.conftest import OUR_APPS

TOO_LONG = "9" * 20


def forms_of(base: type) -> Iterator[type[forms.BaseForm]]:
    for form in base.__subclasses__():
        yield form
        yield from forms_of(form)


def test_every_field_that_takes_several_rows_bounds_their_keys() -> None:
    for app in OUR_APPS:
        package = importlib.import_module(app)
        for module in pkgutil.walk_packages(package.__path__, f"{app}."):
            if ".migrations" not in module.name and ".management" not in module.name:
                importlib.import_module(module.name)
    ours = [form for form in forms_of(forms.BaseForm) if form.__module__.split(".")[0] in OUR_APPS]
    assert len(ours) > 15
    unbounded = [
        (form.__qualname__, name)
        for form in ours
        for name, field in form.base_fields.items()  # type: ignore[attr-defined]
        if isinstance(field, forms.ModelMultipleChoiceField) and not isinstance(field, RowsField)
    ]
    # Django's own fields of accounts that no page of ours shows.
    assert [found for found in unbounded if found[1] != "user_permissions"] == []


@pytest.mark.django_db
@pytest.mark.parametrize("key", [TOO_LONG, "-1", "³", "x", "9" * 5000])
def test_a_key_no_row_can_have_is_a_wrong_choice(key: str) -> None:
    known = factories.staff_member()
    field = RowsField(StaffMember.objects.all())
    assert list(field.clean([str(known.pk)])) == [known]
    with pytest.raises(forms.ValidationError):
        field.clean([str(known.pk), key])
    assert posted_key(key) is None
    assert posted_keys([key, "12", str(LARGEST), str(LARGEST + 1)]) == [12, LARGEST]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["instructors", "assistants", "course", "venue"])
def test_a_class_is_not_saved_with_a_key_no_row_can_have(client, name: str) -> None:
    client.force_login(factories.staff_member(role="coordinator"))
    session = factories.class_session(lessons=0)
    typed = {
        "code": session.code,
        "course": session.course_id,
        "venue": session.venue_id,
        "capacity": session.capacity,
        "lessons-TOTAL_FORMS": "0",
        "lessons-INITIAL_FORMS": "0",
        name: TOO_LONG,
    }
    answer = client.post(reverse("class_edit", args=[session.pk]), typed)
    assert answer.status_code == 422
    assert f'href="#id_{name}' in answer.content.decode()


@pytest.mark.django_db
def test_an_account_is_not_saved_with_a_role_nobody_can_have(client) -> None:
    client.force_login(factories.staff_member(role="administrator"))
    other = factories.staff_member(name="岸 真由美")
    typed = {"username": other.username, "name": other.name, "language": "ja", "groups": TOO_LONG}
    url = reverse("admin:staff_staffmember_change", args=[other.pk])
    assert client.post(url, typed).status_code == 200
    assert other.groups.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", [TOO_LONG, "9" * 5000])
def test_presses_with_a_key_no_row_can_have_get_an_answer(client, key: str) -> None:
    client.force_login(factories.staff_member(role="administrator"))
    session = factories.class_session()
    (one,) = factories.registered(session)
    party, seat = one.party_id, one.enrollments.get()
    pressed = {
        reverse("post_sent"): {"notice": key, "how": "posted"},
        reverse("party_split", args=[party]): {"leaving": key, "class": session.pk},
        reverse("party_split", args=[party]) + "?": {"leaving": one.pk, "class": key},
        reverse("seat_move", args=[seat.pk]): {"to": key},
        reverse("class_lessons", args=[session.intake.code]): {
            "class_session": key,
            "do": f"remove-{key}",
            "lessons-TOTAL_FORMS": "0",
            "lessons-INITIAL_FORMS": "0",
        },
    }
    for url, typed in pressed.items():
        assert client.post(url, typed).status_code in (200, 302, 404), url
