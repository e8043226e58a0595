"""Addresses of the desk. Fragments begin with an underscore; what acts is posted."""

from django.urls import path

from interactions.desk.fragment_urls import fragments
from interactions.desk.views import actions, calling, composing, floor, mail, pages, presence, writing

app_name = "desk"
urlpatterns = [
    path("", pages.home, name="home"),
    path("floor/", floor.show_floor, name="floor"),
    path("floor/_floor/", floor.floor_fragment, name="floor-fragment"),
    path("_list/", pages.list_fragment, name="list"),
    path("_presence/", presence.own_presence, name="presence"),
    path("messages/<uuid:public_id>/layout/", mail.layout, name="layout"),
    path("pictures/<str:token>/", mail.picture, name="picture"),
    path("<uuid:public_id>/", pages.conversation, name="conversation"),
    path("<uuid:public_id>/_header/", pages.header_fragment, name="header"),
    path("<uuid:public_id>/_thread/", pages.thread_fragment, name="thread"),
    path("<uuid:public_id>/accept/", actions.accept, name="accept"),
    path("<uuid:public_id>/decline/", actions.decline, name="decline"),
    path("<uuid:public_id>/hold/", actions.hold, name="hold"),
    path("<uuid:public_id>/resume/", actions.resume, name="resume"),
    path("<uuid:public_id>/wait/", actions.wait, name="wait"),
    path("<uuid:public_id>/wrap-up/", actions.wrap_up, name="wrap-up"),
    path("<uuid:public_id>/take-over/", actions.take_it_over, name="take-over"),
    path("<uuid:public_id>/title/", actions.title, name="title"),
    path("<uuid:public_id>/reply/", writing.reply, name="reply"),
    path("<uuid:public_id>/note/", writing.note, name="note"),
    path("<uuid:public_id>/draft/", writing.draft, name="draft"),
    path("<uuid:public_id>/messages/<uuid:message_id>/take-back/", writing.take_back, name="take-back"),
    path("<uuid:public_id>/messages/<uuid:message_id>/retry/", writing.retry, name="retry"),
    path("<uuid:public_id>/messages/<uuid:message_id>/arrived/", writing.arrived, name="arrived"),
    path("<uuid:public_id>/messages/<uuid:message_id>/leave/", writing.leave, name="leave"),
    path("<uuid:public_id>/way/", composing.way, name="way"),
    path("<uuid:public_id>/files/", composing.add_file, name="add-file"),
    path("<uuid:public_id>/files/<uuid:file_id>/remove/", composing.remove_file, name="remove-file"),
    path("calls/", calling.calls_page, name="calls"),
    path("calls/_calls/", calling.calls_fragment, name="calls-fragment"),
    path("calls/<uuid:public_id>/<slug:what>/", calling.callback, name="callback"),
    path("phone/token/", calling.phone_token, name="phone-token"),
    path("<uuid:public_id>/dial/", calling.dial, name="dial"),
    path("<uuid:public_id>/call/<slug:what>/", calling.control, name="call"),
    *fragments,
]
