from django.urls import URLPattern, URLResolver, path

from playground.ledger.views import entries

app_name = "ledger"

urlpatterns: list[URLPattern | URLResolver] = [
    path("t/<slug:team>/<mode:mode>/ledger/", entries.entry_list, name="entry_list"),
    path("t/<slug:team>/<mode:mode>/ledger/verify/", entries.chain_verify, name="chain_verify"),
]
