from django.urls import path

from playground.workbench import freeze_views, pasted_views, views

app_name = "workbench"

urlpatterns = [
    path("me/delete/", views.account_delete, name="account_delete"),
    path("t/<slug:team>/<mode:mode>/playground/", views.playground, name="playground"),
    path(
        "t/<slug:team>/<mode:mode>/playground/<str:slug>/",
        views.playground_endpoint,
        name="playground_endpoint",
    ),
    path("t/<slug:team>/<mode:mode>/playground/<str:slug>/run/", views.run_start, name="run_start"),
    path("t/<slug:team>/<mode:mode>/playground/<str:slug>/draft/", views.draft_save, name="draft_save"),
    path("t/<slug:team>/<mode:mode>/playground/<str:slug>/recent/", views.recent_runs, name="recent_runs"),
    path("t/<slug:team>/<mode:mode>/pasted/", pasted_views.pasted, name="pasted"),
    path(
        "t/<slug:team>/<mode:mode>/playground/<str:slug>/pasted/",
        pasted_views.pasted_use,
        name="pasted_use",
    ),
    path("t/<slug:team>/<mode:mode>/uploads/", views.file_upload, name="file_upload"),
    path("t/<slug:team>/<mode:mode>/uploads/<uuid:file>/", views.file_how, name="file_how"),
    path("t/<slug:team>/keys/<uuid:key_id>/under-way/", views.key_open_runs, name="key_open_runs"),
    path(
        "t/<slug:team>/<mode:mode>/people/<uuid:member>/freeze/",
        freeze_views.member_freeze,
        name="member_freeze",
    ),
    path(
        "t/<slug:team>/<mode:mode>/people/<uuid:member>/lift/", freeze_views.member_lift, name="member_lift"
    ),
    path("t/<slug:team>/team/<uuid:member>/remove/", views.member_remove, name="member_remove"),
]
