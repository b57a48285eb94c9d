import pytest
from django.core.checks import run_checks
from pytest_django import Settings


def found(*, deploy: bool = False) -> set[str]:
    """The ids of our own findings."""
    ids = {message.id or "" for message in run_checks(include_deployment_checks=deploy)}
    return {one for one in ids if one.startswith("atelier.")}


def test_the_tests_own_settings_are_sound() -> None:
    assert found() == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX_URL", "https://api.segmind.com"),
        ("SANDBOX_URL", "not an address"),
        ("SEGMIND_BASE_URL", "ftp://api.segmind.com"),
        ("SEGMIND_STORAGE_URL", "http://127.0.0.1:9"),
    ],
)
def test_live_and_sandbox_addresses_must_differ(settings: Settings, name: str, value: str) -> None:
    settings.SEGMIND_BASE_URL = "https://api.segmind.com"
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    setattr(settings, name, value)
    assert found() == {"atelier.E001"}


def test_the_site_must_be_an_address_that_is_served(settings: Settings) -> None:
    settings.SITE_URL = "https://atelier.example.com"
    assert found() == {"atelier.E003"}
    settings.ALLOWED_HOSTS = ["atelier.example.com"]
    assert found() == set()
    settings.SITE_URL = "atelier.example.com"
    assert found() == {"atelier.E002"}


def sound(settings: Settings) -> None:
    settings.SITE_URL, settings.HTTPS = "https://atelier.example.com", True
    settings.ALLOWED_HOSTS = ["atelier.example.com"]
    settings.SEGMIND_BASE_URL = "https://api.segmind.com"
    settings.SEGMIND_STORAGE_URL = "https://workflows-api.segmind.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.OWNER_PASSWORD = ""


def test_a_sound_deployment_is_silent(settings: Settings) -> None:
    sound(settings)
    assert found(deploy=True) == set()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HTTPS", False, "atelier.E004"),
        ("SEGMIND_BASE_URL", "http://api.segmind.com", "atelier.E005"),
        ("ALLOWED_HOSTS", ["*"], "atelier.W001"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "atelier.W002"),
        ("OWNER_PASSWORD", "still here", "atelier.W003"),
    ],
)
def test_each_weakness_of_a_deployment_is_named(
    settings: Settings, name: str, value: object, expected: str
) -> None:
    sound(settings)
    setattr(settings, name, value)
    assert found(deploy=True) == {expected}
