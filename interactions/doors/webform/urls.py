"""Public forms."""

from django.urls import path

from interactions.doors.webform.views import web_form

urlpatterns = [path("forms/<slug:slug>/", web_form, name="web-form")]
