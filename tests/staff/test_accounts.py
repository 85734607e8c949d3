"""Accounts in the admin: made, given roles, ended; never deleted."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from staff.models import StaffMember
from staff.roles import ALL
from tests import factories

ADD, LIST = reverse("admin:staff_staffmember_add"), reverse("admin:staff_staffmember_changelist")


@pytest.fixture
def administrator(client: Client, db: None) -> StaffMember:
    member = factories.staff_member(role="administrator", name="管理 太郎")
    client.force_login(member)
    return member


def test_the_four_roles_exist_from_the_first_migration(db: None) -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(ALL)


def test_an_administrator_adds_somebody_gives_a_role_and_a_last_day(
    client: Client, administrator: StaffMember
) -> None:
    password = "a-kettle-on-the-stove"
    typed = {
        "username": "Ｔａｎａｋａ",
        "name": "田中",
        "usable_password": "true",
        "password1": password,
        "password2": password,
    }
    assert client.post(ADD, typed).status_code == 302
    member = StaffMember.objects.get(username="tanaka")
    assert member.check_password(password)
    change = reverse("admin:staff_staffmember_change", args=[member.pk])
    desk = Group.objects.get(name="reception")
    changed = {
        "username": "tanaka",
        "name": "田中 一",
        "language": "ja",
        "is_active": "on",
        "groups": [desk.pk],
        "ends_on": "2027-03-31",
        "successor": administrator.pk,
    }
    assert client.post(change, changed).status_code == 302
    member = StaffMember.objects.get(username="tanaka")
    assert member.roles == {"reception"}
    assert member.ends_on == datetime.date(2027, 3, 31)
    assert member.check_password(password)


def test_an_account_without_a_password_can_be_made_for_an_instructor(
    client: Client, administrator: StaffMember
) -> None:
    typed = {"username": "kobayashi", "name": "小林", "usable_password": "false"}
    assert client.post(ADD, typed).status_code == 302
    assert not StaffMember.objects.get(username="kobayashi").has_usable_password()


def test_nobody_is_deleted_and_only_accounts_are_listed(
    client: Client, administrator: StaffMember
) -> None:  # rule 70
    page = client.get(LIST).content.decode()
    assert "delete_selected" not in page
    models = {url for url in client.get("/admin/").content.decode().split('"') if "/admin/" in url}
    assert {url for url in models if url.startswith("/admin/") and url.count("/") > 3} <= {
        LIST,
        ADD,
    }


def test_only_a_superuser_changes_a_superuser(client: Client, administrator: StaffMember) -> None:
    root = StaffMember.objects.create_superuser("root", "a-very-long-password")
    assert root.has_role("administrator")
    change = reverse("admin:staff_staffmember_change", args=[root.pk])
    assert client.post(change, {"username": "root", "name": "x"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[root.pk])
    typed = {"password1": "taken-over-now", "password2": "taken-over-now"}
    assert client.post(password, typed).status_code == 403


def test_the_list_of_accounts_costs_the_same_however_many_there_are(
    client: Client,
    administrator: StaffMember,
    django_assert_max_num_queries: Any,
) -> None:
    for _ in range(30):
        factories.staff_member()
    with django_assert_max_num_queries(10):
        client.get(LIST)


def test_one_spelling_of_a_user_name_is_one_account(db: None) -> None:
    StaffMember.objects.create_user("Sasaki")
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffMember.objects.create_user("ｓａｓａｋｉ")
    with pytest.raises(ValueError, match="user name"):
        StaffMember.objects.create_user("　")


def test_the_first_administrator_comes_from_the_command_line(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-very-long-password")
    call_command("createsuperuser", interactive=False, username="root", verbosity=0)
    assert StaffMember.objects.get(username="root").is_staff


@pytest.mark.parametrize("odd", ["abc", "2026-02-30", "a\0b", "😀", "//elsewhere.example/"])
def test_an_odd_address_to_go_on_to_is_left_aside(client: Client, odd: str) -> None:
    answer = client.post("/language/", {"language": "en", "next": odd})
    assert answer.status_code == 302
    assert answer["Location"] == "/"
