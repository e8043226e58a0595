"""Addresses of the owner's workspace."""

from django.urls import path

from analytics.dashboards import owner_views

app_name = "owners"
urlpatterns = [
    path("", owner_views.show_owners, name="owners"),
    path("unmapped/<slug:kind>/", owner_views.show_unmapped, name="unmapped"),
    path("<uuid:public_id>/", owner_views.show_part, name="part"),
]
