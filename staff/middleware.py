"""In which language, with which role, and kept out of shared caches."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, resolve_url
from django.utils import translation
from django.utils.module_loading import import_string

from staff.requests import signed_out
from staff.roles import ANYONE, Row, admits, row_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]
SAFE = {"HEAD": "GET", "OPTIONS": "GET"}


class LanguageMiddleware:
    """The language the person chose, else the cookie's, else Japanese."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            language = request.user.language
        else:
            language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if language not in dict(settings.LANGUAGES):
            language = settings.LANGUAGE_CODE
        with translation.override(language):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class NoStoreMiddleware:
    """What a signed-in person saw stays in no cache of a shared computer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store"
        return response


class SignInMiddleware(LoginRequiredMiddleware):
    """Asks for signing in; an htmx request is told so without losing the page behind it."""

    def get_login_url(self, view_func: Callable[..., Any]) -> str:
        """One sign-in page for all, also for the admin, which would bring its own."""
        return resolve_url(settings.LOGIN_URL)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        if "HX-Request" in request.headers:
            return signed_out()
        if request.method not in {"GET", "HEAD"}:
            # The address of a POST is no page to come back to.
            return redirect(settings.LOGIN_URL)
        return super().handle_no_permission(request, view_func)


class RoleMiddleware:
    """Lets a request through only if the table of routes says so (settings.ROUTE_ROLES)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.table: Mapping[str, Row] = import_string(settings.ROUTE_ROLES)
        self.sign_in = SignInMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        row = row_of(self.table, match.view_name if match else "") or {}
        everybody = frozenset[str]().union(*row.values())
        if not request.user.is_authenticated and ANYONE not in everybody:
            return self.sign_in.handle_no_permission(request, view_func)
        method = SAFE.get(request.method or "", request.method or "")
        if method in row and admits(row[method], request.user):
            return None
        if method not in row and admits(everybody, request.user):
            return HttpResponseNotAllowed(sorted(row))
        raise PermissionDenied
