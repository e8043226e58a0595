"""Addresses of imports; interactions/urls.py puts them under the app's name."""

from django.urls import path

from interactions.doors.history import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/new/", views.new_import, name="import-new"),
    path("imports/<uuid:public_id>/", views.import_run, name="import"),
    path("imports/<uuid:public_id>/mapping/", views.mapping, name="import-mapping"),
    path("imports/<uuid:public_id>/start/", views.start, name="import-start"),
    path("imports/<uuid:public_id>/pause/", views.pause, name="import-pause"),
    path("imports/<uuid:public_id>/issues.csv", views.issues, name="import-issues"),
]
