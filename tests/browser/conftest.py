"""A real browser against the real pages: signed in, watched for errors, checked with axe."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

from tests import chromium, factories

# Playwright keeps an event loop in this thread, which Django would take for an async view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Watch:
    """Everything a browser complained about while a test ran."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.complaints: list[str] = []
        self.expected: list[str] = []
        self.is_over = False

    def expect(self, pattern: str) -> None:
        """Let a complaint pass that matches, because the test provokes it."""
        self.expected.append(pattern)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", self._catch)
        context.on("request", self._see)

    def unexpected(self) -> list[str]:
        return [
            said
            for said in self.complaints
            if not any(re.search(pattern, said) for pattern in self.expected)
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        # Breaches of the content security policy arrive here too.
        if message.type in ("error", "warning") and not self.is_over:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _catch(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def _see(self, request: Request) -> None:  # rule 68
        if not request.url.startswith((self.server, "data:", "blob:")):
            self.complaints.append(f"a request to another host: {request.url}")


@pytest.fixture(scope="session")
def base_url(live_server: Any) -> str:
    """So that page.goto("/…") finds the live server."""
    return str(live_server.url)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = chromium.executable()
    assert path, chromium.HOW_TO_GET_IT
    quiet = ("background-networking", "component-update", "gpu", "sync")
    return {
        **browser_type_launch_args,
        "executable_path": path,
        "args": ["--no-sandbox", "--no-first-run", *(f"--disable-{part}" for part in quiet)],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "locale": "ja-JP",
        "timezone_id": "Asia/Tokyo",
        "viewport": {"width": 1366, "height": 768},
    }


@pytest.fixture
def watch(base_url: str) -> Iterator[Watch]:
    """Fails the test over console errors, breaches of the policy and requests to other hosts."""
    watching = Watch(base_url)
    yield watching
    assert watching.unexpected() == []


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], watch: Watch
) -> Iterator[Callable[..., BrowserContext]]:
    """A further browser of its own (another operator), watched like the first."""

    def watched(**options: Any) -> BrowserContext:
        context = new_context(**options)
        watch.watch(context)
        return context

    yield watched
    # A browser that is closed breaks off what it was asking for, and says so.
    watch.is_over = True


@pytest.fixture
def signed_in_page(
    new_context: Callable[..., BrowserContext], base_url: str
) -> Callable[..., Page]:
    """signed_in_page(role="reception", language="ja"): a page of somebody who just signed in.

    Each call is another person in another browser; `user=` names one, other words go to the
    browser's context (viewport=…).
    """

    def sign_in(
        role: str = "reception", *, language: str = "ja", user: Any = None, **options: Any
    ) -> Page:
        member = user or factories.staff_member(role=role, language=language)
        client = Client()
        client.force_login(member)
        context = new_context(**options)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base_url}]
        )
        return context.new_page()

    return sign_in


@pytest.fixture(scope="session")
def assert_axe_clean() -> Callable[[Page], None]:
    """assert_axe_clean(page): axe finds nothing to object to in what the page shows now."""
    axe = Axe()

    def check(page: Page) -> None:
        options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "resultTypes": ["violations"]}
        found = [
            f"{violation['id']}: {violation['help']}: {node['html']}"
            for violation in axe.run(page, options=options).response["violations"]
            for node in violation["nodes"]
        ]
        assert found == []

    return check
