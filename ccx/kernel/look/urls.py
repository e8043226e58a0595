from django.urls import path

from ccx.kernel.look import views

urlpatterns = [path("", views.styleguide, name="styleguide")]
