"""Who may sign in: an account whose last day has not passed, after not too many wrong tries."""

from typing import Any

from axes.backends import AxesStandaloneBackend
from django.contrib.auth.backends import ModelBackend
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from staff.models import StaffMember


class StaffBackend(AxesStandaloneBackend, ModelBackend):
    """Throttles first; refuses, also in the middle of a session, an account that has ended."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> StaffMember | None:
        """The member whose password it is; PermissionDenied while the account is throttled."""
        AxesStandaloneBackend.authenticate(self, request, username, password, **kwargs)
        return ModelBackend.authenticate(self, request, username, password, **kwargs)

    def get_user(self, user_id: int) -> StaffMember | None:
        """The account of a session with its roles, in one query, unless it has ended."""
        rows = list(StaffMember.objects.filter(pk=user_id).annotate(role=F("groups__name")))
        if not rows or not self.user_can_authenticate(rows[0]):
            return None
        rows[0].roles = rows[0].with_roles({row.role for row in rows if row.role})
        return rows[0]

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is active and its last day has not passed (rule 70)."""
        return user is not None and user.may_sign_in_on(timezone.localdate())
