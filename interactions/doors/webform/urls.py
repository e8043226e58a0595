"""Public forms, and where they are made."""

from django.urls import path

from interactions.doors.webform import settings_views
from interactions.doors.webform.views import web_form

urlpatterns = [path("forms/<slug:slug>/", web_form, name="web-form")]
settings_urlpatterns = [
    path("settings/forms/", settings_views.forms, name="forms"),
    path("settings/forms/add/", settings_views.form_add, name="form-add"),
    path("settings/forms/<uuid:public_id>/", settings_views.form, name="form"),
]
