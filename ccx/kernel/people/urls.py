from django.urls import path

from ccx.kernel.people.views import own, people, teams

app_name = "people"
urlpatterns = [
    path("me/", own.me, name="me"),
    path("people/", people.people, name="people"),
    path("people/add/", people.add_person, name="add_person"),
    path("people/<uuid:public_id>/", people.person, name="person"),
    path("people/<uuid:public_id>/invite/", people.invite_person, name="invite"),
    path("people/<uuid:public_id>/close/", people.close_account, name="close"),
    path("people/<uuid:public_id>/open/", people.open_account, name="open"),
    path("people/<uuid:public_id>/grants/", people.add_grant, name="add_grant"),
    path("people/<uuid:public_id>/grants/<int:grant_id>/remove/", people.remove_grant, name="remove_grant"),
    path("teams/", teams.teams, name="teams"),
    path("teams/add/", teams.add_team, name="add_team"),
    path("teams/<uuid:public_id>/", teams.team, name="team"),
]
