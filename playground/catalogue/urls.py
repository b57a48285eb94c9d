from django.urls import include, path

from playground.catalogue.views import browse, code, hidden, own

app_name = "catalogue"

mode_patterns = [
    path("", browse.endpoint_list, name="endpoint_list"),
    path("search/", browse.endpoint_search, name="endpoint_search"),
    path("<str:slug>/favourite/", browse.favourite_toggle, name="favourite_toggle"),
    path("<str:slug>/code/", code.code_view, name="code_view"),
]

team_patterns = [
    path("", own.own_endpoint_list, name="own_endpoint_list"),
    path("add/", own.own_endpoint_add, name="own_endpoint_add"),
    path("own/<str:slug>/", own.own_endpoint_change, name="own_endpoint_change"),
    path("own/<str:slug>/delete/", own.own_endpoint_delete, name="own_endpoint_delete"),
    path("hidden/", hidden.hidden_endpoint_list, name="hidden_endpoint_list"),
    path("hidden/<str:slug>/hide/", hidden.endpoint_hide, name="endpoint_hide"),
    path("hidden/<str:slug>/show/", hidden.endpoint_show, name="endpoint_show"),
]

urlpatterns = [
    path("t/<slug:team>/<mode:mode>/endpoints/", include(mode_patterns)),
    path("t/<slug:team>/endpoints/", include(team_patterns)),
]
