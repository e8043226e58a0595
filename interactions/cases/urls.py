"""Addresses of contacts; interactions/urls.py puts them under the app's name."""

from django.urls import path

from interactions.cases import views

urlpatterns = [
    path("interactions/<uuid:public_id>/", views.interaction, name="interaction"),
    path("attachments/<uuid:public_id>/", views.attachment, name="attachment"),
]
