"""Addresses of the map."""

from django.urls import path

from journeys.ownership.views import customers, parts, rates, reasons

app_name = "map"
urlpatterns = [
    path("", reasons.reasons, name="reasons"),
    path("reasons/place/", reasons.place_reasons, name="place"),
    path("reasons/<uuid:public_id>/", reasons.reason, name="reason"),
    path("touchpoints/", parts.touchpoints, name="touchpoints"),
    path("touchpoints/add/", parts.add_touchpoint, name="add_touchpoint"),
    path("touchpoints/<uuid:public_id>/", parts.touchpoint, name="touchpoint"),
    path("touchpoints/<uuid:public_id>/remove/", parts.drop_touchpoint, name="remove_touchpoint"),
    path("customers/<uuid:public_id>/", customers.journey_of_customer, name="customer-journey"),
    path("costs/", rates.costs, name="costs"),
    path("costs/<int:rate_id>/remove/", rates.drop_rate, name="remove_rate"),
    path("parts/<slug:kind>/", parts.parts, name="parts"),
    path("parts/<slug:kind>/add/", parts.add_part, name="add_part"),
    path("parts/<slug:kind>/<uuid:public_id>/", parts.part, name="part"),
    path("parts/<slug:kind>/<uuid:public_id>/remove/", parts.drop_part, name="remove_part"),
]
