"""All addresses. Each app's are in the urls.py of its rooms."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
