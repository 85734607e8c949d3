"""Language, caches and lost sessions, for every page."""

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse

from tests import factories


def test_screens_are_japanese_until_somebody_chooses(client: Client, db: None) -> None:
    page = client.get(reverse("sign_in"), headers={"accept-language": "en"})
    assert page.headers["Content-Language"] == "ja"


def test_the_language_is_kept_per_person_and_on_the_computer(client: Client, db: None) -> None:
    member = factories.staff_member()
    client.force_login(member)
    answer = client.post(reverse("language"), {"language": "en", "next": "/password/"})
    assert answer.headers["Location"] == "/password/"
    member.refresh_from_db()
    assert member.language == "en"
    client.logout()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "User name" in client.get(reverse("sign_in")).content.decode()
    # Another person at this computer keeps their own.
    client.force_login(factories.staff_member(language="ja"))
    assert client.get(reverse("password_change")).headers["Content-Language"] == "ja"


@pytest.mark.parametrize("language", ["fr", "", "../etc"])
def test_an_unknown_language_changes_nothing(client: Client, db: None, language: str) -> None:
    member = factories.staff_member()
    client.force_login(member)
    assert client.post(reverse("language"), {"language": language}).status_code == 302
    member.refresh_from_db()
    assert member.language == "ja"


def test_pages_seen_while_signed_in_are_stored_in_no_cache(client: Client, db: None) -> None:
    client.force_login(factories.staff_member())
    for address in (reverse("password_change"), "/nowhere/"):
        assert client.get(address).headers["Cache-Control"] == "no-store"


def test_an_htmx_request_without_a_session_is_told_and_swaps_nothing(
    client: Client, db: None
) -> None:
    answer = client.post(reverse("password_change"), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Reswap"] == "none"
    assert answer.headers["HX-Trigger"] == "signed-out"


def test_after_signing_in_one_comes_back_to_a_page_but_not_to_a_post(
    client: Client, db: None
) -> None:
    page = reverse("password_change")
    assert client.get(page).headers["Location"].endswith(f"?next={page}")
    assert client.post(page).headers["Location"] == reverse("sign_in")


def test_an_account_without_a_role_is_told_whom_to_ask(client: Client, db: None) -> None:
    client.force_login(factories.staff_member(role=None, language="en"))
    answer = client.get(reverse("home"))
    assert answer.status_code == 403
    assert "ask an administrator" in answer.content.decode()


def test_no_answer_lets_a_page_ask_another_host_or_run_inline_code(
    client: Client, db: None
) -> None:  # rule 68
    answer = client.get(reverse("sign_in"))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    page = answer.content.decode()
    assert " style=" not in page
    assert "onclick" not in page


def test_a_form_that_is_too_old_is_refused_with_what_to_do(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.post(reverse("sign_in"), {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert "too old to be sent" in answer.content.decode()


def test_a_page_whose_cookies_are_gone_is_told_to_sign_in(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(reverse("desk_search", args=["2026-10"]), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Reswap"]) == (401, "none")


@pytest.mark.parametrize("template", ["400.html", "500.html"])
def test_the_page_of_a_failure_needs_no_database_and_speaks_both_languages(
    template: str,
) -> None:
    from django.template.loader import render_to_string

    page = render_to_string(template)  # a query would fail: this test has no database
    assert 'lang="ja"' in page
    assert 'lang="en"' in page
    assert "back button" in page


def test_training_data_cannot_be_mistaken(client: Client, db: None) -> None:
    assert "is-training" not in client.get(reverse("sign_in")).content.decode()
    with override_settings(TRAINING_MODE=True):
        page = client.get(reverse("sign_in")).content.decode()
    assert 'class="is-training"' in page
    assert 'class="training"' in page


def test_the_menu_shows_only_what_the_person_may_open(client: Client, db: None) -> None:
    admin_index = f'href="{reverse("admin:index")}"'
    for role, shown in (("administrator", True), ("coordinator", False)):
        client.force_login(factories.staff_member(role=role))
        assert (admin_index in client.get(reverse("password_change")).content.decode()) is shown
