"""The address of each line, and whatever its provider appends to it."""

from django.urls import path

from interactions.doors.webhooks.views import webhook

urlpatterns = [
    path("in/<uuid:public_id>/", webhook, name="webhook"),
    path("in/<uuid:public_id>/<path:rest>", webhook, name="webhook-below"),
]
