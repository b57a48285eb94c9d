from django.urls import include, path

from playground.workbench import (
    compare_views,
    freeze_views,
    gallery_views,
    pasted_views,
    sweep_views,
    views,
)

app_name = "workbench"

sweep_patterns = [
    path("", sweep_views.sweep_detail, name="sweep_detail"),
    path("head/", sweep_views.sweep_head, name="sweep_head"),
    path("cells/", sweep_views.sweep_cells, name="sweep_cells"),
    path("cells/<uuid:cell>/", sweep_views.sweep_cell, name="sweep_cell"),
    path("cells/<uuid:cell>/pick/", sweep_views.sweep_pick, name="sweep_pick"),
    path("stop/", sweep_views.sweep_stop, name="sweep_stop"),
    path("resume/", sweep_views.sweep_resume, name="sweep_resume"),
    path("again/", sweep_views.sweep_again, name="sweep_again"),
    path("export.<str:form>", sweep_views.sweep_export, name="sweep_export"),
]

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
    path("t/<slug:team>/<mode:mode>/compare/", compare_views.compare, name="compare"),
    path("t/<slug:team>/<mode:mode>/gallery/", gallery_views.gallery, name="gallery"),
    path("t/<slug:team>/<mode:mode>/gallery/outputs.zip", gallery_views.gallery_zip, name="gallery_zip"),
    path("t/<slug:team>/<mode:mode>/sweeps/", sweep_views.sweep_list, name="sweep_list"),
    path("t/<slug:team>/<mode:mode>/sweeps/new/<str:slug>/", sweep_views.sweep_new, name="sweep_new"),
    path("t/<slug:team>/<mode:mode>/sweeps/<uuid:sweep>/", include(sweep_patterns)),
]
