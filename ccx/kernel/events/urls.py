from django.urls import path

from ccx.kernel.events import views

app_name = "operations"
urlpatterns = [
    path("readers/", views.readers, name="readers"),
    path("readers/<str:reader>/quarantined/<int:event_id>/run-again/", views.run_event_again, name="run_event_again"),
    path("effects/<int:effect_id>/send-again/", views.send_effect_again, name="send_effect_again"),
]
