"""Where lines are set up."""

from django.urls import path

from interactions.doors.lines import views

urlpatterns = [
    path("settings/inboxes/", views.lines, name="lines"),
    path("settings/inboxes/add/", views.line_choose, name="line-choose"),
    path("settings/inboxes/add/<slug:kind>/", views.line_add, name="line-add"),
    path("settings/inboxes/connected/", views.line_connected, name="line-connected"),
    path("settings/inboxes/<uuid:public_id>/", views.line, name="line"),
    path("settings/inboxes/<uuid:public_id>/connect/", views.line_connect, name="line-connect"),
    path("settings/inboxes/<uuid:public_id>/disconnect/", views.line_disconnect, name="line-disconnect"),
    path("settings/inboxes/<uuid:public_id>/try/", views.line_try, name="line-try"),
    path("settings/inboxes/<uuid:public_id>/templates/", views.line_templates, name="line-templates"),
    path("settings/inboxes/<uuid:public_id>/switch/", views.line_switch, name="line-switch"),
    path("settings/inboxes/<uuid:public_id>/resume/", views.line_resume, name="line-resume"),
    path("settings/inboxes/<uuid:public_id>/remove/", views.line_remove, name="line-remove"),
]
