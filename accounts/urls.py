from django.urls import path

from accounts import views

urlpatterns = [
    path("me/", views.person_settings, name="person-settings"),
]
