"""Pages of one's own account."""

from django.urls import path

from staff import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("signed-in/", views.signed_in, name="signed_in"),
    path("password/", views.password_change, name="password_change"),
    path("language/", views.language, name="language"),
]
