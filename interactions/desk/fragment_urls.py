"""Addresses of what stands beside a conversation and at its end. urls.py puts them under the desk's name."""

from django.urls import path

from interactions.desk.views import beside, calling, composing, leaving, wrapping

fragments = [
    path("<uuid:public_id>/_context/", beside.context, name="context"),
    path("<uuid:public_id>/_timeline/", beside.older, name="timeline"),
    path("<uuid:public_id>/_promise/", beside.promise, name="promise"),
    path("<uuid:public_id>/_promise/<uuid:promise_id>/kept/", beside.promise_kept, name="promise-kept"),
    path("<uuid:public_id>/_case/", beside.case, name="case"),
    path("<uuid:public_id>/_customer_note/", beside.customer_note, name="customer-note"),
    path("<uuid:public_id>/_apart/", beside.apart, name="apart"),
    path("<uuid:public_id>/_who/", beside.who, name="who"),
    path("<uuid:public_id>/_wrap_up/", wrapping.panel, name="wrap-up-form"),
    path("<uuid:public_id>/_not_a_contact/", wrapping.not_a_contact, name="not-a-contact"),
    path("_reasons/", wrapping.reasons, name="reasons"),
    path("<uuid:public_id>/_transfer/", leaving.transfer, name="transfer-form"),
    path("<uuid:public_id>/_consult/", calling.consult, name="consult-form"),
    path("<uuid:public_id>/_ways/", composing.ways, name="ways"),
    path("<uuid:public_id>/_templates/", composing.templates, name="templates"),
    path("<uuid:public_id>/_snooze/", leaving.snooze, name="snooze-form"),
]
