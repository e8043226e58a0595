"""Addresses of the dashboards."""

from django.urls import path

from analytics.dashboards import owner_views, views

app_name = "analytics"
urlpatterns = [
    path("", views.show_overview, name="dashboards"),
    path("operations/", views.show_operations, name="operations"),
    path("resolution/", views.show_resolution, name="resolution"),
    path("customers-say/", views.show_answers, name="answers"),
    path("definitions/", views.show_definitions, name="definitions"),
    path("_live/", views.show_live, name="live"),
    path("reason-counts/", owner_views.show_reason_counts, name="reason-counts"),
    path("rows/", views.show_rows, name="rows"),
    path("export/<slug:page>/<slug:panel>.csv", views.export_panel, name="export"),
]
