"""Addresses under /api/v1/."""

from django.urls import path

from analytics.kpis.api import DefinitionsView, FiguresView

urlpatterns = [
    path("figures", FiguresView.as_view(), name="figures"),
    path("definitions", DefinitionsView.as_view(), name="definitions"),
]
