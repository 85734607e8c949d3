"""Addresses of callbacks."""

from django.urls import path

from sms import views

urlpatterns = [
    path("twilio/status/<uuid:key>/", views.status, name="sms_status"),
    path("twilio/inbound/", views.inbound, name="sms_inbound"),
]
