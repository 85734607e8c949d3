"""Pages of the learners."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
