from django.urls import path

from playground.ledger.views import alerts, budgets, entries, mails, reconcile, requests, spend

app_name = "ledger"

BUDGETS = "t/<slug:team>/<mode:mode>/budgets/"
ALERTS = "t/<slug:team>/<mode:mode>/alerts/"

urlpatterns = [
    path("t/<slug:team>/<mode:mode>/spend/", spend.spend, name="spend"),
    path("t/<slug:team>/<mode:mode>/spend/crossed/", spend.spend_crossed, name="spend_crossed"),
    path("t/<slug:team>/<mode:mode>/spend/models/<str:slug>/", spend.spend_model, name="spend_model"),
    path("t/<slug:team>/<mode:mode>/spend/export.<str:form>", spend.spend_export, name="spend_export"),
    path("t/<slug:team>/<mode:mode>/spend/close/", spend.period_close, name="period_close"),
    path("t/<slug:team>/mails/", mails.mail_choices, name="mail_choices"),
    path("t/<slug:team>/<mode:mode>/ledger/", entries.entry_list, name="entry_list"),
    path("t/<slug:team>/<mode:mode>/ledger/verify/", entries.chain_verify, name="chain_verify"),
    path(BUDGETS, budgets.budget_list, name="budget_list"),
    path(f"{BUDGETS}new/", budgets.budget_create, name="budget_create"),
    path(f"{BUDGETS}<uuid:budget>/", budgets.budget_change, name="budget_change"),
    path(f"{BUDGETS}<uuid:budget>/end/", budgets.budget_end, name="budget_end"),
    path(f"{BUDGETS}<uuid:budget>/ask/", requests.request_make, name="request_make"),
    path(f"{BUDGETS}requests/<uuid:asked>/approve/", requests.request_approve, name="request_approve"),
    path(f"{BUDGETS}requests/<uuid:asked>/decline/", requests.request_decline, name="request_decline"),
    path(f"{BUDGETS}requests/<uuid:asked>/end/", requests.request_end, name="request_end"),
    path(ALERTS, alerts.alert_list, name="alert_list"),
    path(f"{ALERTS}read/", alerts.alert_read, name="alert_read"),
    path(f"{ALERTS}webhook/", alerts.webhook_set, name="webhook_set"),
    path(f"{ALERTS}webhook/try/", alerts.webhook_try, name="webhook_try"),
    path(f"{ALERTS}webhook/remove/", alerts.webhook_remove, name="webhook_remove"),
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
