"""What the widget asks, below /chat/<inbox>/."""

from django.urls import path

from interactions.doors.chat import views
from interactions.doors.chat.hosting import page
from interactions.doors.chat.widget import widget

urlpatterns = [
    path("chat/widget.js", widget, name="chat-widget"),
    path("chat/<uuid:inbox>/", page, name="chat-page-of-ours"),
    path("chat/<uuid:inbox>/config", views.config, name="chat-config"),
    path("chat/<uuid:inbox>/sessions", views.sessions, name="chat-sessions"),
    path("chat/<uuid:inbox>/link", views.link, name="chat-link"),
    path("chat/<uuid:inbox>/state", views.state, name="chat-state"),
    path("chat/<uuid:inbox>/messages", views.messages, name="chat-messages"),
    path("chat/<uuid:inbox>/files", views.files, name="chat-files"),
    path("chat/<uuid:inbox>/files/<uuid:public_id>", views.file, name="chat-file"),
    path("chat/<uuid:inbox>/typing", views.typing, name="chat-typing"),
    path("chat/<uuid:inbox>/shown", views.shown, name="chat-shown"),
    path("chat/<uuid:inbox>/email", views.email, name="chat-email"),
    path("chat/<uuid:inbox>/page", views.page, name="chat-page"),
    path("chat/<uuid:inbox>/end", views.end, name="chat-end"),
    path("chat/<uuid:inbox>/offline", views.offline, name="chat-offline"),
]
