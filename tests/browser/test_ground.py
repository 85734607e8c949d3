"""The watch over the browser hears what it must hear, or no browser test could be believed."""

import re

import pytest
from playwright.sync_api import expect

ADD_INLINE_SCRIPT = """
    const script = document.createElement("script");
    script.text = "window.ran = true";
    document.body.append(script);
"""


def test_the_sign_in_page_is_clean(page, assert_axe_clean):
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_axe_clean(page)


def test_somebody_signed_in_is_greeted_as_such(signed_in_page):
    page = signed_in_page(role="coordinator")
    page.goto("/")
    expect(page).not_to_have_url(re.compile("sign-in"))
    assert page.evaluate("document.documentElement.lang") == "ja"


def test_an_inline_script_is_refused_and_heard(page, watch):
    page.goto("/")
    page.evaluate(ADD_INLINE_SCRIPT)
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in said for said in watch.unexpected())
    watch.expect("Content Security Policy")


def test_an_error_in_a_script_is_heard(page, watch):
    page.goto("/")
    with page.context.expect_event("weberror"):
        page.evaluate("void setTimeout(() => { throw new Error('broken') })")
    page.evaluate("console.error('said aloud')")
    assert any("broken" in said for said in watch.unexpected())
    assert any("said aloud" in said for said in watch.unexpected())
    watch.expect("broken|said aloud")


def test_axe_objects_to_what_cannot_be_read(page, assert_axe_clean):
    page.goto("/")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        assert_axe_clean(page)
