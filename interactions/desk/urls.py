"""Addresses of the desk. Fragments begin with an underscore; what acts is posted."""

from django.urls import path

from interactions.desk.fragment_urls import fragments
from interactions.desk.views import pages

app_name = "desk"
urlpatterns = [
    path("", pages.home, name="home"),
    path("_list/", pages.list_fragment, name="list"),
    path("<uuid:public_id>/", pages.conversation, name="conversation"),
    path("<uuid:public_id>/_header/", pages.header_fragment, name="header"),
    path("<uuid:public_id>/_thread/", pages.thread_fragment, name="thread"),
    *fragments,
]
