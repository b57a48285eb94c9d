"""A key passes through every page and verb of this room; nothing that is kept or shown may hold it."""

import logging
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.cache import cache
from redis import Redis

from accounts import candidates, keys
from accounts.models import ApiKey
from tests.accounts.conftest import Provider
from tests.personas import People

CANARY = "SGTEST_c0ffeec0ffeec0ff"
SECOND = "SGTEST_deadbeefdeadbeef"


def whole_database() -> str:
    """Every row of every table, as a dump would hold it."""
    rows = [row for model in apps.get_models() for row in model._default_manager.all()]
    binary = [bytes(key.ciphertext or b"").decode("latin-1") for key in ApiKey.objects.all()]
    return str(serializers.serialize("json", rows)) + "".join(binary)


def whole_redis() -> bytes:
    """Every value of Redis: the cache, sessions in it, and the tasks that wait."""
    client: Any = Redis.from_url(settings.REDIS_URL)
    found = b""
    for name in client.keys("*"):
        kind = client.type(name)
        if kind == b"string":
            found += client.get(name) or b""
        elif kind == b"list":
            found += b"".join(client.lrange(name, 0, -1))
        elif kind == b"hash":
            found += b"".join(client.hgetall(name).values())
    return found


def test_the_key_is_nowhere_but_at_the_provider(
    people: People, provider: Provider, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    base, client = f"/t/{people.team.slug}/keys/", people.bob.client(proved=True)
    shown = [client.post(f"{base}add/", {"label": "", "text": CANARY})]
    tested = client.post(f"{base}add/", {"label": "Canary", "text": CANARY})
    shown += [tested, client.get(tested["Location"])]
    candidates.test(UUID(tested["Location"].rstrip("/").rpartition("/")[2]))
    shown += [client.get(tested["Location"]), client.post(f"{tested['Location']}save/")]
    key = ApiKey.objects.get()
    shown.append(client.post(f"{base}{key.id}/balance/"))
    candidates.refresh_balance(key.id)
    replaced = client.post(f"{base}{key.id}/replace/", {"text": SECOND})
    shown += [replaced, client.post(f"{replaced['Location']}save/")]
    shown += [client.post(f"{base}{key.id}/lend/", {"lent": "on"}), client.post(f"{base}{key.id}/revoke/")]
    for persona in (people.alice, people.bob, people.audrey):
        for path in (base, f"/t/{people.team.slug}/audit/", f"/t/{people.team.slug}/team/"):
            shown.append(persona.client().get(path))

    assert provider.keys == [CANARY, CANARY]
    pages = "".join(response.content.decode() + str(response.headers) for response in shown)
    everything = {
        "pages": pages,
        "logs": caplog.text + "".join(capsys.readouterr()),
        "database": whole_database(),
        "redis": whole_redis().decode("latin-1"),
    }
    for text in (CANARY, SECOND, CANARY[7:], SECOND[7:]):
        found = [place for place, held in everything.items() if text in held]
        assert found == [], text
    assert "accounts.check_key" in everything["redis"], "the tasks themselves must be among what was searched"


def test_a_task_carries_only_an_id(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, kwargs, **options: sent.append((name, kwargs)), raising=False
    )
    candidate = candidates.hold(membership=people.membership("bob"), label="Canary", text=CANARY)
    key = keys.add_key(membership=people.membership("bob"), label="Canary", text=CANARY)
    candidates.ask_balance(key)
    assert sent == [
        ("accounts.check_key", {"candidate_id": str(candidate.id)}),
        ("accounts.check_balance", {"key_id": str(key.id)}),
    ]


def test_a_waiting_key_is_forgotten(people: People) -> None:
    candidate = candidates.hold(membership=people.membership("bob"), label="Canary", text=CANARY)
    assert (
        0 < Redis.from_url(settings.REDIS_URL).ttl(cache.make_key(candidate.cache_key)) <= candidates.LIFETIME
    )
