"""Addresses of the page of deliveries; interactions/urls.py puts them under the app's name."""

from django.urls import path

from interactions.doors.deliveries import views

urlpatterns = [
    path("operations/deliveries/", views.deliveries, name="deliveries"),
    path("operations/deliveries/<uuid:public_id>/original/", views.original, name="delivery_original"),
    path("operations/deliveries/<uuid:public_id>/read-again/", views.read_one_again, name="delivery_read_again"),
    path("operations/deliveries/<uuid:public_id>/put-away/", views.put_one_away, name="delivery_put_away"),
    path("operations/deliveries/<uuid:public_id>/contact/", views.make_one_a_contact, name="automatic_to_contact"),
]
