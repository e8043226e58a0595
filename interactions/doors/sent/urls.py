"""The one address of files on their way out."""

from django.urls import path

from interactions.doors.sent.views import sent_file

urlpatterns = [path("files/<str:token>/", sent_file, name="sent-file")]
