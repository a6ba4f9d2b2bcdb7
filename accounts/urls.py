from django.urls import path

from accounts.views import acting, consents, family, personal, sessions
from accounts.views import person as views

urlpatterns = [
    path("act-as/stop/", acting.act_as_stop, name="act-as-stop"),
    path("act-as/<uuid:person_id>/", acting.act_as, name="act-as"),
    path("me/family/", family.family, name="family"),
    path("me/family/code/", family.family_code, name="family-code"),
    path("me/family/<uuid:student_id>/pin/", family.family_pin, name="family-pin"),
    path("me/family/links/<uuid:link_id>/", family.link_change, name="link-change"),
    path("me/family/invitations/<uuid:invitation_id>/", family.invitation_withdraw, name="invitation-withdraw"),
    path("invitations/<str:token>/", family.invitation, name="invitation"),
    path("accounts/family/", family.family_sign_in, name="family-sign-in"),
    path("me/consents/", consents.consents, name="consents"),
    path("me/consents/<uuid:person_id>/", consents.consent_decide, name="consent-decide"),
    path("me/data/", personal.my_data, name="my-data"),
    path("me/data/<uuid:person_id>/copy/", personal.export_ask, name="export-ask"),
    path("me/data/copies/<uuid:export_id>/", personal.export_fetch, name="export-fetch"),
    path("me/data/<uuid:person_id>/erase/", personal.erasure_ask, name="erasure-ask"),
    path("me/data/erasures/<uuid:request_id>/cancel/", personal.erasure_cancel, name="erasure-cancel"),
    path("me/devices/", sessions.session_list, name="session-list"),
    path("me/devices/end/", sessions.session_end_others, name="session-end-others"),
    path("me/devices/<int:session_id>/end/", sessions.session_end, name="session-end"),
    path("me/second-factor/", sessions.second_factor, name="second-factor"),
    path("me/", views.person_settings, name="person-settings"),
    path("me/hours/", views.availability, name="availability"),
    path("me/leave/", views.leave_add, name="leave-add"),
    path("me/leave/<int:leave_id>/", views.leave_change, name="leave-change"),
    path("me/leave/<int:leave_id>/remove/", views.leave_remove, name="leave-remove"),
]
