"""Every address of the product and /bare/, for whoever works at the desk."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from config.permissions import DESK
from config.permissions import ROUTES as PRODUCT


def bare(request: HttpRequest) -> HttpResponse:
    """Answer at once: what is left is session, account, CSRF and the other middleware."""
    return HttpResponse("ok")


urlpatterns = [path("bare/", bare, name="bare"), path("", include("config.urls"))]
ROUTES = {**PRODUCT, "bare": {"POST": DESK}}
