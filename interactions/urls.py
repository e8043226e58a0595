"""The addresses of all rooms, under one name."""

from interactions.cases.urls import urlpatterns as cases
from interactions.customers.urls import urlpatterns as customers

app_name = "interactions"
urlpatterns = [*customers, *cases]
