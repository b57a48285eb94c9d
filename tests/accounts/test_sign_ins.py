import pytest
from allauth import app_settings
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings as project_settings
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import AuditEvent
from tests.personas import PASSWORD, People, make_user

LOGIN = "/accounts/login/"


def sign_in(client: Client, password: str = PASSWORD, email: str = "bob@example.com", **headers: str) -> int:
    data = {"login": email, "password": password}
    return client.post(LOGIN, data, headers=headers).status_code


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))


def test_signing_in_and_out_is_recorded_with_the_address(people: People) -> None:
    client = Client()
    assert sign_in(client, **{"User-Agent": "Test browser"}) == 302
    client.post("/accounts/logout/")
    assert verbs() == ["sign_in.ok", "sign_in.out"]
    event = AuditEvent.objects.order_by("id")[0]
    assert (event.team, event.actor, event.address, event.user_agent) == (
        people.team,
        people.bob.user,
        "127.0.0.1",
        "Test browser",
    )


def test_it_is_recorded_in_each_team_and_without_one_all_the_same(people: People) -> None:
    loner = make_user("Loner")
    sign_in(Client(), email=loner.email)
    event = AuditEvent.objects.get()
    assert (event.team, event.actor_label) == (None, "Loner")


def test_a_wrong_password_is_recorded_without_the_password(people: People) -> None:
    assert sign_in(Client(), password="wrong-password-text") == 200
    assert verbs() == ["sign_in.failed"]
    assert "wrong-password-text" not in str(list(AuditEvent.objects.values()))


def test_an_unknown_address_makes_no_row(people: People, caplog: pytest.LogCaptureFixture) -> None:
    assert sign_in(Client(), email="nobody@example.com") == 200
    assert verbs() == []
    assert "unknown address" in caplog.text
    assert "nobody@example.com" not in caplog.text


def test_a_changed_password_is_recorded(people: People) -> None:
    client = Client()
    sign_in(client)
    data = {
        "oldpassword": PASSWORD,
        "password1": "another fine passphrase",
        "password2": "another fine passphrase",
    }
    client.post("/accounts/password/change/", data)
    assert "sign_in.password_changed" in verbs()


def test_second_factors_are_recorded(
    people: People, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = people.bob.client(proved=True)
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    assert set(verbs()) == {"mfa.added"}
    assert "codes from an app" in AuditEvent.objects.values_list("target", flat=True)
    assert secret not in str(list(AuditEvent.objects.values()))


def test_the_ninth_failure_is_refused_even_with_the_right_password(people: People) -> None:
    client = Client()
    for _ in range(8):
        assert sign_in(client, password="wrong") == 200
    assert sign_in(client) == 200
    assert "Too many failed" in client.post(LOGIN, {"login": "bob@example.com", "password": PASSWORD}).text
    # Another account from the same address still works.
    assert sign_in(Client(), email="alice@example.com") == 302


def test_a_made_up_forwarded_address_does_not_help(people: People) -> None:
    for number in range(8):
        sign_in(Client(), password="wrong", **{"X-Forwarded-For": f"10.0.0.{number}"})
    assert sign_in(Client(), **{"X-Forwarded-For": "10.9.9.9"}) == 200
    assert set(AuditEvent.objects.values_list("address", flat=True)) == {"127.0.0.1"}


@pytest.fixture
def behind_proxy(settings: Settings) -> None:
    """As BEHIND_PROXY sets it: one proxy of ours, which appends the address it saw."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


def test_behind_a_proxy_only_what_it_appended_counts(people: People, behind_proxy: None) -> None:
    sign_in(Client(), password="wrong", **{"X-Forwarded-For": "6.6.6.6, 192.0.2.7"})
    assert AuditEvent.objects.get().address == "192.0.2.7"


def test_behind_a_proxy_the_limit_per_address_cannot_be_dodged(people: People, behind_proxy: None) -> None:
    for number in range(20):
        email = f"guess{number}@example.com"
        forwarded = {"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.7"}
        assert sign_in(Client(), password="wrong", email=email, **forwarded) == 200
    refused = {"X-Forwarded-For": "10.0.0.99, 192.0.2.7"}
    assert sign_in(Client(), **refused) == 200
    # The same person through the proxy from elsewhere.
    assert sign_in(Client(), **{"X-Forwarded-For": "192.0.2.8"}) == 302


def test_the_settings_trust_as_many_proxies_as_there_are() -> None:
    assert app_settings.TRUSTED_PROXY_COUNT == project_settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0
