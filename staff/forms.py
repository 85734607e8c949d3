"""Signing in, with words for each way it can fail."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff.models import StaffMember


class SignInForm(AuthenticationForm):
    """User name and password; a wrong password keeps the user name typed."""

    username = forms.CharField(
        label=_("User name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": _("The user name or the password is wrong. Please type both again."),
        "inactive": _("This account is switched off. Please ask an administrator."),
        "ended": _("This account has passed its last day. Please ask an administrator."),
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        focus = "password" if self.data.get("username") else "username"
        self.fields["username"].widget.attrs.pop("autofocus", None)
        self.fields[focus].widget.attrs["autofocus"] = True

    def clean_username(self) -> str:
        return StaffMember.normalize_username(self.cleaned_data["username"])

    def get_invalid_login_error(self) -> ValidationError:
        """Say that an account has ended, but only to somebody who knows its password."""
        member = StaffMember.objects.filter(username=self.cleaned_data.get("username")).first()
        if (
            member
            and not member.may_sign_in_on(timezone.localdate())
            and not getattr(self.request, "axes_locked_out", False)
            and member.check_password(self.cleaned_data.get("password", ""))
        ):
            kind = "ended" if member.is_active else "inactive"
            return ValidationError(self.error_messages[kind], code=kind)
        return super().get_invalid_login_error()
