"""Signing in: what is kept, what is refused and in which words."""

import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from staff.models import StaffMember
from tests import factories

PASSWORD = "four-sheets-of-paper"


@pytest.fixture
def member(db: None) -> StaffMember:
    return factories.staff_member(
        username="sasaki", name="佐々木", password=PASSWORD, language="en"
    )


def sign_in(client: Client, username: str, password: str, **more: str) -> Any:
    typed = {"username": username, "password": password, **more}
    return client.post(reverse("sign_in"), typed, headers={"accept-language": "en"})


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("signed_in")).status_code == 204


def test_full_width_and_capitals_in_the_user_name_make_no_difference(
    client: Client, member: StaffMember
) -> None:
    assert sign_in(client, " ＳＡＳＡＫＩ ", PASSWORD).status_code == 302
    assert is_signed_in(client)


def test_a_wrong_password_keeps_the_user_name_typed_and_says_so(
    client: Client, member: StaffMember
) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = sign_in(client, "Sasaki", "wrong").content.decode()
    assert 'value="Sasaki"' in page
    assert "The user name or the password is wrong" in page
    assert "wrong-password" not in page
    assert not is_signed_in(client)


def test_an_account_may_sign_in_on_its_last_day_but_not_after(
    client: Client, member: StaffMember
) -> None:  # rule 70
    member.ends_on = timezone.localdate()
    member.save()
    sign_in(client, "sasaki", PASSWORD)
    assert is_signed_in(client)
    member.ends_on -= datetime.timedelta(days=1)
    member.save()
    assert not is_signed_in(client)  # the open session has ended with it
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "has passed its last day" in sign_in(client, "sasaki", PASSWORD).content.decode()
    # Somebody who does not know the password learns nothing about the account.
    assert "has passed its last day" not in sign_in(client, "sasaki", "guess").content.decode()


def test_an_instructor_without_a_password_never_signs_in(client: Client, db: None) -> None:
    factories.staff_member(username="kobayashi", role="instructor")
    for password in ("", "!", "None"):
        sign_in(client, "kobayashi", password)
    assert not is_signed_in(client)


@pytest.mark.parametrize(("language", "words"), [("en", "Too many wrong passwords"), ("ja", "15")])
def test_too_many_wrong_passwords_close_the_account_for_a_while_with_a_clear_page(
    client: Client, member: StaffMember, language: str, words: str
) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    spellings = ["sasaki", "SASAKI", "ｓａｓａｋｉ", "Sasaki", "sasakI"]
    for spelling in spellings[: settings.AXES_FAILURE_LIMIT]:
        sign_in(client, spelling, "wrong")
    refused = sign_in(client, "sasaki", PASSWORD)
    assert refused.status_code == 429
    assert words in refused.content.decode()
    assert not is_signed_in(client)
    # Somebody else at the same computer is not kept out.
    factories.staff_member(username="tanaka", password=PASSWORD)
    sign_in(client, "tanaka", PASSWORD)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("wanted", "arrives"),
    [
        ("/password/", "/password/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_signing_in_goes_on_only_within_this_site(
    client: Client, member: StaffMember, wanted: str, arrives: str
) -> None:
    assert sign_in(client, "sasaki", PASSWORD, next=wanted).headers["Location"] == arrives


def test_signing_out_ends_the_session_by_post_only(client: Client, member: StaffMember) -> None:
    client.force_login(member)
    assert client.get(reverse("sign_out")).status_code == 405
    assert is_signed_in(client)
    client.post(reverse("sign_out"))
    assert not is_signed_in(client)


def test_changing_the_password_keeps_the_session_and_refuses_weak_ones(
    client: Client, member: StaffMember
) -> None:
    client.force_login(member)
    address = reverse("password_change")
    typed = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert "error-summary" in client.post(address, typed).content.decode()
    new = "two-cups-of-green-tea"
    typed |= {"new_password1": new, "new_password2": new}
    assert client.post(address, typed).status_code == 302
    assert is_signed_in(client)
    member.refresh_from_db()
    assert member.check_password(new)
