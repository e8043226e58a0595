"""Addresses of customers; interactions/urls.py puts them under the app's name."""

from django.urls import path

from interactions.customers.views import deciding, keeping, reading

urlpatterns = [
    path("customers/", reading.customers, name="customers"),
    path("customers/<uuid:public_id>/", reading.customer, name="customer"),
    path("customers/<uuid:public_id>/note/", keeping.customer_note, name="customer-note"),
    path("customers/<uuid:public_id>/preference/", keeping.customer_preference, name="customer-preference"),
    path("customers/<uuid:public_id>/profile/", keeping.customer_profile_edit, name="customer-profile"),
    path("customers/<uuid:public_id>/apart/", deciding.apart, name="customer-apart"),
    path("customers/<uuid:public_id>/merge/", deciding.customer_merge, name="customer-merge"),
    path("customers/<uuid:public_id>/merges/<uuid:merge_id>/undo/", deciding.merge_undo, name="merge-undo"),
    path("customers/<uuid:public_id>/erase/", deciding.customer_erase, name="customer-erase"),
]
