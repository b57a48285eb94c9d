from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_POST

from accounts import access


@require_POST
def empty(request: HttpRequest, team: str) -> HttpResponse:
    """A signed-in POST that does nothing: the floor that submitting a run is measured against."""
    access.membership_or_404(request, team)
    return HttpResponse(status=204)


urlpatterns = [path("bench/<slug:team>/empty/", empty), path("", include("config.urls"))]
