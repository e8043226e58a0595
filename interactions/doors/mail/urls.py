"""Addresses of the mail's own pages; interactions/urls.py puts them under the app's name."""

from django.urls import path

from interactions.doors.mail import views

urlpatterns = [
    path("operations/mail/", views.mail, name="mail"),
    path("operations/mail/<uuid:public_id>/original/", views.original, name="mail_original"),
    path("operations/mail/<uuid:public_id>/read-again/", views.read_one_again, name="mail_read_again"),
    path("operations/mail/<uuid:public_id>/put-away/", views.put_one_away, name="mail_put_away"),
]
