"""Signing in, and what happens to typed words when session, network or token are gone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from staff.models import StaffMember
from tests import factories

PASSWORD = "four-sheets-of-paper"
REFUSED = r"status of (401|403|503)|Response Status Error|htmx:|net::ERR_"


@pytest.fixture
def member(db: None) -> StaffMember:
    return factories.staff_member(
        username="sasaki", name="佐々木", password=PASSWORD, language="en"
    )


def sign_in(page: Page) -> None:
    page.get_by_role("textbox").nth(0).fill("sasaki")
    page.get_by_role("textbox").nth(1).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^((?!sign-in).)*$"))


def put_htmx_form(page: Page) -> None:
    """A form as the desk has them: sent by htmx, with the token the page came with."""
    page.evaluate(
        """() => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            document.querySelector("main").innerHTML = `
                <form hx-post="/password/" hx-target="#answer" hx-swap="textContent">
                  <input type="hidden" name="csrfmiddlewaretoken" value="${token}">
                  <label>Words <input name="words"></label><button>Send</button></form>
                <div id="answer"></div>`;
            htmx.process(document.querySelector("main"));
        }"""
    )
    page.get_by_label("Words").fill("山田 節子")


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (820, 1180)])
def test_the_pages_of_ones_account_are_clean(
    signed_in_page: Callable[..., Page],
    assert_axe_clean: Callable[[Page], None],
    watch: Any,
    language: str,
    width: int,
    height: int,
) -> None:
    watch.expect("status of (403|404)")
    page = signed_in_page(role="reception", language=language)
    page.set_viewport_size({"width": width, "height": height})
    for address in ("/password/", "/admin/", "/nowhere/"):
        page.goto(address)
        assert_axe_clean(page)
        too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(too_wide)
    page.locator("details.menu summary").press("Enter")
    assert_axe_clean(page)
    page.keyboard.press("Escape")
    expect(page.locator("details.menu summary")).to_be_focused()


def test_one_signs_in_switches_the_language_and_signs_out_by_keyboard(
    page: Page, member: StaffMember, watch: Any
) -> None:
    page.goto("/sign-in/")
    page.keyboard.type("sasaki")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    switch = page.get_by_role("button", name="日本語")
    switch.focus()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    page.locator("details.menu summary").focus()
    page.keyboard.press("Enter")
    page.locator("details.menu form button").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_signed_out_while_typing_says_so_and_the_same_press_works_after_signing_in_elsewhere(
    signed_in_page: Callable[..., Page], member: StaffMember, watch: Any
) -> None:
    watch.expect(REFUSED)
    page = signed_in_page(user=member)
    page.goto("/password/")
    put_htmx_form(page)
    token = next(c for c in page.context.cookies() if c["name"] == "csrftoken")["value"]
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Send").click()
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("You have been signed out; what you typed is still here.")
    expect(page.get_by_label("Words")).to_have_value("山田 節子")
    with page.context.expect_page() as opened:
        banner.get_by_role("link", name="Sign in in a new tab").click()
    sign_in(opened.value)
    # Signing in changed the token, and the page still holds the old one.
    now = next(c for c in page.context.cookies() if c["name"] == "csrftoken")["value"]
    assert now != token
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#answer")).to_contain_text("Please check what you entered")
    expect(banner).to_be_hidden()


def test_a_plain_form_stays_on_the_page_when_the_session_is_gone(
    signed_in_page: Callable[..., Page], member: StaffMember, watch: Any
) -> None:
    watch.expect(REFUSED)
    page = signed_in_page(user=member)
    page.goto("/password/")
    new = "two-cups-of-green-tea"
    for name, value in (("old_password", PASSWORD), ("new_password1", new), ("new_password2", new)):
        page.locator(f"[name={name}]").fill(value)
    page.context.clear_cookies(name="sessionid")
    send = page.get_by_role("main").get_by_role("button", name="Change password")
    send.click()
    expect(page.get_by_role("alert")).to_contain_text("You have been signed out")
    expect(page.locator("[name=new_password1]")).to_have_value(new)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    sign_in(opened.value)
    send.click()
    expect(page.get_by_role("status").first).to_contain_text("Your password was changed.")


def test_a_lost_network_says_so_and_keeps_what_was_typed(
    signed_in_page: Callable[..., Page], member: StaffMember, watch: Any
) -> None:
    watch.expect(REFUSED)
    page = signed_in_page(user=member)
    page.goto("/password/")
    page.locator("[name=old_password]").fill("typed")
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("The connection is lost")
    page.get_by_role("main").get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("The connection is lost")
    expect(page.locator("[name=old_password]")).to_have_value("typed")
    put_htmx_form(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("Words")).to_have_value("山田 節子")
    expect(page.get_by_role("alert")).to_contain_text("what you typed is still here")
    page.context.set_offline(False)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#answer")).not_to_be_empty()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_server_that_fails_for_a_moment_loses_nothing(
    signed_in_page: Callable[..., Page], member: StaffMember, watch: Any
) -> None:
    watch.expect(REFUSED)
    page = signed_in_page(user=member)
    page.goto("/password/")
    put_htmx_form(page)
    page.route("**/password/", lambda route: route.fulfill(status=503, body="away"))
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("The connection is lost")
    expect(page.locator("#answer")).to_be_empty()
    page.unroute("**/password/")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#answer")).not_to_be_empty()


def test_a_form_whose_token_was_taken_away_gets_a_clear_page(
    new_context: Callable[..., BrowserContext],
    member: StaffMember,
    watch: Any,
    assert_axe_clean: Callable[[Page], None],
) -> None:
    watch.expect(REFUSED)
    page = new_context().new_page()
    page.goto("/sign-in/")
    page.context.clear_cookies(name="csrftoken")
    page.get_by_role("textbox").nth(0).fill("sasaki")
    page.get_by_role("textbox").nth(1).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "403" not in page.title()
    assert_axe_clean(page)


def test_the_accounts_of_the_admin_work_under_the_strict_policy(
    signed_in_page: Callable[..., Page], member: StaffMember, watch: Any
) -> None:
    page = signed_in_page(role="administrator", language="en")
    page.goto("/admin/")
    page.get_by_role("link", name="Staff members", exact=True).first.click()
    page.get_by_role("link", name="sasaki").click()
    page.get_by_label("coordinator").check()
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist")).to_be_visible()
    member = StaffMember.objects.get(username="sasaki")
    assert member.roles == {"reception", "coordinator"}
