"""Addresses of calls below their line's; the provider's console is told the first, the rest we give out ourselves."""

from django.urls import path

from interactions.doors.voice import views

LINE = "in/<uuid:public_id>/voice"

urlpatterns = [
    path(f"{LINE}/", views.answered, name="voice-answered"),
    path(f"{LINE}/menu/", views.menu, name="voice-menu"),
    path(f"{LINE}/wait/", views.wait, name="voice-wait"),
    path(f"{LINE}/callback/", views.callback, name="voice-callback"),
    path(f"{LINE}/left-queue/", views.left_queue, name="voice-left-queue"),
    path(f"{LINE}/voicemail/", views.voicemail, name="voice-voicemail"),
    path(f"{LINE}/elsewhere/", views.elsewhere, name="voice-elsewhere"),
    path(f"{LINE}/queue/", views.queue, name="voice-queue"),
    path(f"{LINE}/to-room/", views.to_room, name="voice-to-room"),
    path(f"{LINE}/customer/", views.customer, name="voice-customer"),
    path(f"{LINE}/agent/", views.agent, name="voice-agent"),
    path(f"{LINE}/hold/", views.hold, name="voice-hold"),
    path(f"{LINE}/status/", views.status, name="voice-status"),
    path(f"{LINE}/room/", views.room, name="voice-room"),
    path(f"{LINE}/recording/", views.recording, name="voice-recording-status"),
    path("voice/recordings/<uuid:public_id>/", views.listen, name="voice-recording"),
]
