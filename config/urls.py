from django.urls import include, path, register_converter

from accounts.views import home
from config import views


class ModeConverter:
    """The two worlds of money: every page about runs names one of them in its address."""

    regex = "live|sandbox"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


register_converter(ModeConverter, "mode")

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("accounts/email/", home.email, name="account_email"),
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("", include("playground.urls")),
]
