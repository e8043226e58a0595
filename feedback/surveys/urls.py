"""Addresses of surveys: the public ones stand at the root and are short, for they go into mails."""

from django.urls import path

from feedback.surveys.views import answering, customers, following_up, settings

public_urlpatterns = [
    path("s/<str:secret>/", answering.survey_page, name="survey-page"),
    path("s/<str:secret>/stop/", answering.survey_stop, name="survey-stop"),
]
urlpatterns = [
    path("settings/surveys/", settings.surveys, name="surveys"),
    path("settings/surveys/standard/", settings.survey_standard, name="survey-standard"),
    path("settings/surveys/add/", settings.survey_add, name="survey-add"),
    path("settings/surveys/<uuid:public_id>/", settings.survey, name="survey"),
    path("settings/surveys/<uuid:public_id>/preview/", settings.survey_preview, name="survey-preview"),
    path("settings/surveys/<uuid:public_id>/test/", settings.survey_test, name="survey-test"),
    path("follow-ups/", following_up.follow_up_list, name="follow-ups"),
    path("follow-ups/<uuid:public_id>/", following_up.follow_up, name="follow-up"),
    path("follow-ups/<uuid:public_id>/take/", following_up.follow_up_take, name="follow-up-take"),
    path("follow-ups/<uuid:public_id>/hand-over/", following_up.follow_up_hand_over, name="follow-up-hand-over"),
    path("follow-ups/<uuid:public_id>/close/", following_up.follow_up_close, name="follow-up-close"),
    path("follow-ups/<uuid:public_id>/contact/", following_up.follow_up_open_contact, name="follow-up-contact"),
    path("customers/<uuid:public_id>/feedback/", customers.feedback_of_customer, name="customer-feedback"),
]
