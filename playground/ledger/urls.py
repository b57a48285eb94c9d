from django.urls import path

from playground.ledger.views import reconcile

app_name = "ledger"

urlpatterns = [
    path("t/<slug:team>/<mode:mode>/reconcile/", reconcile.reconcile, name="reconcile"),
    path("t/<slug:team>/<mode:mode>/reconcile/check/", reconcile.reconcile_check, name="reconcile_check"),
    path(
        "t/<slug:team>/<mode:mode>/reconcile/pairs/<uuid:pair>/",
        reconcile.reconcile_pair,
        name="reconcile_pair",
    ),
    path(
        "t/<slug:team>/<mode:mode>/reconcile/<uuid:key>/",
        reconcile.reconcile_account,
        name="reconcile_account",
    ),
    path(
        "t/<slug:team>/<mode:mode>/reconcile/<uuid:key>/<str:day>/",
        reconcile.reconcile_day,
        name="reconcile_day",
    ),
]
