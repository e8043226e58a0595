"""The addresses of all rooms, under one name."""

from feedback.surveys.urls import urlpatterns as surveys

app_name = "feedback"
urlpatterns = [*surveys]
