"""The addresses of all rooms, under one name."""

from interactions.cases.urls import urlpatterns as cases
from interactions.customers.urls import urlpatterns as customers
from interactions.doors.deliveries.urls import urlpatterns as deliveries
from interactions.doors.history.urls import urlpatterns as imports
from interactions.doors.lines.urls import urlpatterns as lines
from interactions.doors.webform.urls import settings_urlpatterns as forms

app_name = "interactions"
urlpatterns = [*customers, *cases, *imports, *deliveries, *lines, *forms]
