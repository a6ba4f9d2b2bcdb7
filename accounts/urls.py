from django.urls import path

from accounts import views

urlpatterns = [
    path("me/", views.person_settings, name="person-settings"),
    path("me/hours/", views.availability, name="availability"),
    path("me/leave/", views.leave_add, name="leave-add"),
    path("me/leave/<int:leave_id>/", views.leave_change, name="leave-change"),
    path("me/leave/<int:leave_id>/remove/", views.leave_remove, name="leave-remove"),
]
