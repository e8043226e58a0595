"""Who am I, teams, and the administrators' page of keys."""

from django.urls import path

from ccx.kernel.access.api import MeView, TeamsView
from ccx.kernel.access.views import api_keys, revoke_api_key

api_urlpatterns = [
    path("me", MeView.as_view(), name="api-me"),
    path("teams", TeamsView.as_view(), name="api-teams"),
]
urlpatterns = [
    path("settings/api-keys/", api_keys, name="api-keys"),
    path("settings/api-keys/<uuid:public_id>/revoke/", revoke_api_key, name="api-key-revoke"),
]
