"""Accounts: add, roles, last day, password. Administrators only."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from staff import roles
from staff.keys import RowsField
from staff.models import StaffMember

# The four roles are fixed; what they may do stands in config/permissions.py.
admin.site.unregister(Group)


class StaffMemberCreationForm(AdminUserCreationForm):
    class Meta:
        model = StaffMember
        fields = ("username", "name")


class RolesField(RowsField):
    def label_from_instance(self, group: Group) -> str:
        return roles.label(group.name)


class StaffMemberChangeForm(UserChangeForm):
    groups = RolesField(
        Group.objects.filter(name__in=roles.ALL),
        label=_("Roles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = StaffMember
        fields = "__all__"


@admin.register(StaffMember)
class StaffMemberAdmin(UserAdmin):
    form = StaffMemberChangeForm
    add_form = StaffMemberCreationForm
    list_display = ("username", "name", "role_list", "is_active", "ends_on")
    list_filter = ("is_active",)
    search_fields = ("username", "name")
    ordering = ("username",)
    filter_horizontal: ClassVar[Any] = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "name", "email", "language")}),
        (_("Roles"), {"fields": ("groups",)}),
        (_("Until when"), {"fields": ("is_active", "ends_on", "successor")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "name", "usable_password", "password1", "password2"),
            },
        ),
    )

    @admin.display(description=_("Roles"))
    def role_list(self, member: StaffMember) -> str:
        return ", ".join(roles.label(group.name) for group in member.groups.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: StaffMember | None = None) -> bool:
        return request.user.is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_change_permission(self, request: HttpRequest, obj: StaffMember | None = None) -> bool:
        """Administrators; a superuser's account only a superuser."""
        return request.user.is_staff and (
            obj is None or not obj.is_superuser or request.user.is_superuser
        )

    def has_delete_permission(self, request: HttpRequest, obj: StaffMember | None = None) -> bool:
        """Nobody: an account ends, its name stays in the log (rule 70)."""
        return False
