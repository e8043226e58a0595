"""Signing in and out. The names are allauth's, which looks them up itself; what we do not have is a 404 by its name."""

from allauth.account import views
from django.urls import path, re_path

from ccx.kernel.people.views import own

urlpatterns = [
    path("first-password/<path:secret>/", own.first_password, name="first_password"),
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("inactive/", own.not_here, name="account_inactive"),
    path("signup/", own.not_here, name="account_signup"),
    path("email/", own.not_here, name="account_email"),
    path("confirm-email/", own.not_here, name="account_email_verification_sent"),
    path("password/set/", own.not_here, name="account_set_password"),
]
