from django.urls import URLPattern, URLResolver, path

from playground.ledger.views import mails, spend

app_name = "ledger"

urlpatterns: list[URLPattern | URLResolver] = [
    path("t/<slug:team>/<mode:mode>/spend/", spend.spend, name="spend"),
    path("t/<slug:team>/<mode:mode>/spend/crossed/", spend.spend_crossed, name="spend_crossed"),
    path("t/<slug:team>/<mode:mode>/spend/models/<str:slug>/", spend.spend_model, name="spend_model"),
    path("t/<slug:team>/<mode:mode>/spend/export.<str:form>", spend.spend_export, name="spend_export"),
    path("t/<slug:team>/<mode:mode>/spend/close/", spend.period_close, name="period_close"),
    path("t/<slug:team>/mails/", mails.mail_choices, name="mail_choices"),
]
