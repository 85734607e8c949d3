"""Who signs in (or teaches without ever signing in), and who looked at whose data."""

import datetime
import unicodedata
from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from staff import roles as role_names


class StaffMemberManager(BaseUserManager["StaffMember"]):
    def create_user(
        self, username: str, password: str | None = None, **fields: Any
    ) -> "StaffMember":
        """Make an account; without a password it can never sign in."""
        if not username.strip():
            raise ValueError("A staff member needs a user name.")
        member = self.model(username=StaffMember.normalize_username(username), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(
        self, username: str, password: str | None = None, **fields: Any
    ) -> "StaffMember":
        return self.create_user(username, password, **{**fields, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "StaffMember":
        return self.get(username=StaffMember.normalize_username(username or ""))


class StaffMember(AbstractBaseUser, PermissionsMixin):
    """職員: who signs in, or an instructor who never does. Roles are groups."""

    class Language(models.TextChoices):
        JAPANESE = "ja", "日本語"
        ENGLISH = "en", "English"

    username = models.CharField(
        _("user name"),
        max_length=60,
        unique=True,
        error_messages={"unique": _("Somebody already has this user name.")},
    )
    name = models.CharField(_("name shown"), max_length=80, blank=True)
    email = models.EmailField(_("email"), blank=True)
    language = models.CharField(
        _("language"), max_length=5, choices=Language.choices, default=Language.JAPANESE
    )
    # Rule 70: the last day on which this account may sign in.
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    successor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("successor"),
    )
    date_joined = models.DateTimeField(_("added on"), default=timezone.now, editable=False)

    objects: ClassVar[StaffMemberManager] = StaffMemberManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("username",)
        verbose_name = _("staff member")
        verbose_name_plural = _("staff members")
        constraints = (
            models.CheckConstraint(condition=~Q(username=""), name="staff_member_has_a_user_name"),
            models.CheckConstraint(
                condition=Q(successor__isnull=True) | ~Q(successor=F("id")),
                name="staff_member_not_own_successor",
            ),
            models.CheckConstraint(
                condition=Q(language__in=("ja", "en")), name="staff_member_language_is_known"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.username

    def clean(self) -> None:
        super().clean()
        self.username = self.normalize_username(self.username)

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """One spelling per account: full width, capitals and outer spaces make no difference."""
        return unicodedata.normalize("NFKC", username).strip().casefold()

    @cached_property
    def roles(self) -> frozenset[str]:
        """Names of the groups this person is in; a superuser is an administrator."""
        return self.with_roles(self.groups.values_list("name", flat=True))

    def with_roles(self, names: Iterable[str]) -> frozenset[str]:
        """These groups, and what a superuser is besides."""
        held = set(names)
        if self.is_superuser:
            held.add(role_names.ADMINISTRATOR)
        return frozenset(held)

    def has_role(self, *names: str) -> bool:
        """Whether this person holds at least one of the named roles."""
        return not self.roles.isdisjoint(names)

    @property
    def is_staff(self) -> bool:
        """Whether the Django admin opens for this person: administrators only."""
        return self.has_role(role_names.ADMINISTRATOR)

    def may_sign_in_on(self, day: datetime.date) -> bool:
        """Whether the account is active and its last day has not passed (rule 70)."""
        return self.is_active and (self.ends_on is None or day <= self.ends_on)


class AppendOnlyModel(models.Model):
    """A row that is written once: nobody changes or deletes it in the app (rule 64)."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is append-only.")


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self.model.__name__} is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError(f"{self.model.__name__} is append-only.")


class AccessEvent(AppendOnlyModel):
    """Somebody saw, exported or changed personal data; one result list is one event (rule 64)."""

    who = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="access_events",
        verbose_name=_("who"),
    )
    at = models.DateTimeField(_("at"))
    route = models.CharField(_("page"), max_length=100)
    method = models.CharField(_("method"), max_length=10, blank=True)
    purpose = models.CharField(_("purpose"), max_length=60)
    # Names of fields, never their values.
    field_names = models.JSONField(_("fields"), default=list, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = _("access")
        verbose_name_plural = _("accesses")
        indexes = (
            models.Index(fields=("-at",), name="access_event_at"),
            models.Index(fields=("who", "-at"), name="access_event_who_at"),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.at:%Y-%m-%d %H:%M}"


class AccessSubject(AppendOnlyModel):
    """One row of personal data that an access concerned."""

    event = models.ForeignKey(AccessEvent, on_delete=models.PROTECT, related_name="subjects")
    model_label = models.CharField(max_length=80)
    key = models.CharField(max_length=40)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("access subject")
        verbose_name_plural = _("access subjects")
        indexes = (models.Index(fields=("model_label", "key"), name="access_subject_row"),)

    def __str__(self) -> str:
        return f"{self.model_label} {self.key}"
