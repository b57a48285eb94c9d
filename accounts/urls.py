from django.urls import URLPattern, URLResolver, include, path

from accounts.views import audit, candidates, home, invitations, keys, members, settings

app_name = "accounts"

key_patterns: list[URLPattern] = [
    path("", keys.key_list, name="key_list"),
    path("add/", candidates.key_add, name="key_add"),
    path("sandbox/", keys.key_make_sandbox, name="key_make_sandbox"),
    path("test/<uuid:candidate_id>/", candidates.key_test, name="key_test"),
    path("test/<uuid:candidate_id>/save/", candidates.key_save, name="key_save"),
    path("<uuid:key_id>/replace/", candidates.key_replace, name="key_replace"),
    path("<uuid:key_id>/revoke/", keys.key_revoke, name="key_revoke"),
    path("<uuid:key_id>/delete/", keys.key_delete, name="key_delete"),
    path("<uuid:key_id>/default/", keys.key_default, name="key_default"),
    path("<uuid:key_id>/lend/", keys.key_lend, name="key_lend"),
    path("<uuid:key_id>/balance/", keys.key_balance, name="key_balance"),
]

member_patterns: list[URLPattern] = [
    path("", members.member_list, name="member_list"),
    path("<uuid:membership_id>/role/", members.member_role, name="member_role"),
    path("invitations/", invitations.invitation_create, name="invitation_create"),
    path("invitations/<uuid:invitation_id>/resend/", invitations.invitation_resend, name="invitation_resend"),
    path("invitations/<uuid:invitation_id>/revoke/", invitations.invitation_revoke, name="invitation_revoke"),
]

team_patterns: list[URLPattern | URLResolver] = [
    path("keys/", include(key_patterns)),
    path("team/", include(member_patterns)),
    path("settings/", settings.team_settings, name="team_settings"),
    path("settings/links/", settings.team_outside_links, name="team_outside_links"),
    path("settings/encryption/", settings.vault_status, name="vault_status"),
    path("audit/", audit.audit_list, name="audit_list"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("me/", home.profile, name="profile"),
    path("teams/new/", home.team_create, name="team_create"),
    path("invitations/<str:token>/", invitations.invitation_accept, name="invitation_accept"),
    path("t/<slug:team>/", include(team_patterns)),
]
