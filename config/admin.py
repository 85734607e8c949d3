"""The Django admin holds accounts only: no personal data of learners."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class AdminSite(admin.AdminSite):
    site_header = _("Accounts")
    site_title = _("Smartphone Class Desk")
    index_title = _("Accounts and roles")

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_staff


class AdminConfig(DjangoAdminConfig):
    default_site = "config.admin.AdminSite"
