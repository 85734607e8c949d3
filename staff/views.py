"""Signing in and out, one's password and language, and the pages that refuse politely."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from staff.forms import SignInForm
from staff.models import StaffMember
from staff.requests import signed_out


def _safe_next(request: HttpRequest, default: str) -> str:
    """Where to go afterwards: only an address of this site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return resolve_url(default)


@login_not_required
@never_cache
@sensitive_post_parameters()
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in, then go on to where the person wanted to be."""
    target = _safe_next(request, settings.LOGIN_REDIRECT_URL)
    if request.user.is_authenticated and request.method == "GET":
        return redirect(target)
    form = SignInForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return redirect(target)
    return render(request, "staff/sign_in.html", {"form": form, "next": target})


def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out and go back to the sign-in page."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def signed_in(request: HttpRequest) -> HttpResponse:
    """Answer 204: scripts ask before a form is sent whether the session still stands."""
    return HttpResponse(status=204)


@sensitive_post_parameters()
def password_change(request: HttpRequest) -> HttpResponse:
    """Change one's own password and stay signed in."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if form.is_bound:  # the summary of what is wrong takes the focus
        form.fields["old_password"].widget.attrs.pop("autofocus", None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        messages.success(request, _("Your password was changed."))
        return redirect("home")
    return render(request, "staff/password_change.html", {"form": form})


@login_not_required
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language of the screens, kept per person and on this computer."""
    response = redirect(_safe_next(request, "home"))
    chosen = request.POST.get("language", "")
    if chosen in StaffMember.Language.values:
        if request.user.is_authenticated:
            StaffMember.objects.filter(pk=request.user.pk).update(language=chosen)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=365 * 24 * 3600,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


def locked_out(
    request: HttpRequest, original: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Too many wrong passwords: say how long to wait (called by django-axes)."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    return render(request, "staff/locked_out.html", {"minutes": minutes}, status=429)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere: say what to do. Signed out comes first."""
    if "HX-Request" in request.headers and not request.user.is_authenticated:
        return signed_out()
    return render(request, "403_csrf.html", status=403)


def username_for_throttle(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """One spelling per account, so that capitals give no extra tries (called by django-axes)."""
    typed = (credentials or {}).get("username") or request.POST.get("username", "")
    return StaffMember.normalize_username(cast(str, typed))
