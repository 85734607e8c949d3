"""Every address of the product. Who may open which stands in config/permissions.py."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("classes.urls")),
    path("", include("classes.message_urls")),
    path("learners/", include("classes.learner_urls")),
    path("sms/", include("sms.urls")),
    path("", include("staff.urls")),
    path("admin/", admin.site.urls),
]
