from django.urls import path

from notifications import views

urlpatterns = [
    path("notifications/", views.notification_list, name="notification-list"),
    path("notifications/read/", views.notification_read, name="notification-read"),
    path("notifications/settings/", views.notification_settings, name="notification-settings"),
    path("notifications/push/", views.push_subscribe, name="push-subscribe"),
    path("notifications/push/stop/", views.push_unsubscribe, name="push-unsubscribe"),
    path("notifications/push/end/", views.push_end, name="push-end"),
    path("notifications/push.js", views.push_worker, name="push-worker"),
    path("notifications/stop/<str:token>/", views.mail_stop, name="mail-stop"),
]
