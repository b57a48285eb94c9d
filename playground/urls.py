from importlib.util import find_spec

from django.urls import include, path

urlpatterns = [
    path("", include(f"playground.{room}.urls"))
    for room in ("catalogue", "runs", "workbench")
    if find_spec(f"playground.{room}.urls")
]
