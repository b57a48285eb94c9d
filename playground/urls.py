from django.urls import include, path

urlpatterns = [
    path("", include("playground.catalogue.urls")),
    path("", include("playground.ledger.urls")),
    path("", include("playground.payloads.urls")),
    path("", include("playground.runs.urls")),
    path("", include("playground.workbench.urls")),
]
