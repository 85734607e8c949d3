"""Pages of the classes: the desk, intakes, calls to make and imports."""

from django.urls import URLPattern, path

from classes.views.home import home

urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
]
