"""Where a team's alerts are posted: the address is a secret that no screen, record or log holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail, serializers
from pytest_django import Settings

from accounts.models import AuditEvent
from playground.ledger import alerts, outgoing, telling, webhooks
from playground.ledger.models import Alert, Webhook
from tests.ledger.books import learn
from tests.ledger.caps import MODE, cap, hold
from tests.ledger.channel import HOST, Channel, serving
from tests.personas import People

SECRET = "T0000-not-for-anybody"


@pytest.fixture
def channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    """A channel that every name leads to."""
    post = outgoing.post
    with serving(tmp_path) as found:

        def here(url: str, message: dict[str, Any]) -> None:
            post(url, message, resolve=found.resolve, context=found.context)

        monkeypatch.setattr(outgoing, "post", here)
        yield found


def place(people: People, rest: str = "") -> str:
    return f"/t/{people.team.slug}/{MODE}/alerts/{rest}"


def set_up(people: People, channel: Channel) -> Webhook:
    return webhooks.set_address(membership=people.membership("alice"), url=channel.url(f"/services/{SECRET}"))


def test_alerts_of_the_team_are_posted_once(people: People, channel: Channel) -> None:
    set_up(people, channel)
    cap(people, "10", name="Team <1>")
    learn(hold(people, "6"), "billed", "6")
    alerts.watch()
    telling.tell()
    telling.tell()
    [(path, _, message)] = channel.posts
    assert path == f"/services/{SECRET}"
    assert message["text"].startswith(
        "Studio (sandbox): 60 % of “Team &lt;1&gt;” is spent this month, of $ 10."
    )
    assert message["text"].endswith(f"/t/{people.team.slug}/{MODE}/budgets/")
    assert len(mail.outbox) == 2


def test_what_only_one_person_is_told_is_not_posted(people: People, channel: Channel) -> None:
    set_up(people, channel)
    Alert.objects.create(
        team=people.team, mode=MODE, kind="answer", text="For Bob", for_managers=False, person=people.bob.user
    )
    telling.tell()
    assert channel.posts == []
    assert [one.to for one in mail.outbox] == [["bob@example.com"]]


def test_the_address_is_nowhere_in_plain_text(
    people: People, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    client = people.alice.client()
    url = channel.url(f"/services/{SECRET}")
    assert client.post(place(people, "webhook/"), {"url": url}).status_code == 302
    channel.status = 404
    assert not webhooks.post(team=people.team, text="x")
    text = client.get(place(people)).text
    assert f"{HOST} did not take it: status 404" in text
    everything = serializers.serialize("json", [*Webhook.objects.all(), *AuditEvent.objects.all()])
    for held in (text, client.get(place(people, "webhook/")).text, everything, caplog.text):
        assert SECRET not in held
    event = AuditEvent.objects.get(verb="alert.webhook_set")
    assert (event.target, event.after) == (HOST, None)
    refused = client.post(place(people, "webhook/"), {"url": url.replace("https", "http")})
    assert refused.status_code == 422
    assert SECRET not in refused.text


def test_it_opens_only_in_its_own_row_and_moves_to_the_newest_ring_key(
    people: People, channel: Channel, settings: Settings
) -> None:
    row = set_up(people, channel)
    settings.VAULT_RING = [("newer", bytes(range(32))), *settings.VAULT_RING]
    assert webhooks.post(team=people.team, text="x")
    assert Webhook.objects.get().ring_key == "newer"
    settings.VAULT_RING = settings.VAULT_RING[:1]
    assert webhooks.post(team=people.team, text="y")
    Webhook.objects.filter(id=row.id).update(ciphertext=bytes(Webhook.objects.get().ciphertext)[:-1] + b"\0")
    assert not webhooks.post(team=people.team, text="z")
    assert "Enter it again" in Webhook.objects.get().last_problem


def test_a_first_message_a_test_and_the_end(people: People, channel: Channel) -> None:
    client = people.adam.client()
    client.post(place(people, "webhook/"), {"url": channel.url()})
    assert webhooks.try_out(team_id=people.team.id)
    assert [message["text"] for _, _, message in channel.posts] == [
        "Studio: alerts about money will appear here."
    ]
    assert "The last message was taken" in client.get(place(people)).text
    client.post(place(people, "webhook/remove/"))
    assert not Webhook.objects.exists()
    assert not webhooks.post(team=people.team, text="x")
    assert AuditEvent.objects.get(verb="alert.webhook_removed").target == HOST


def test_a_team_that_moves_inside_is_not_posted_to(people: People) -> None:
    webhooks.set_address(membership=people.membership("alice"), url="https://127.0.0.1/x")
    assert not webhooks.post(team=people.team, text="x")
    assert Webhook.objects.get().last_problem == "127.0.0.1 is not a public address."


def test_the_list_marks_what_is_unread(people: People) -> None:
    cap(people, "10")
    learn(hold(people, "6"), "billed", "6")
    alerts.watch()
    client = people.audrey.client()
    text = client.get(place(people)).text
    assert "60 % of" in text
    assert 'aria-label="Alerts, 1 unread"' in text
    newest = alerts.visible_to(people.membership("audrey"), MODE)[0].created_at
    client.post(place(people, "read/"), {"up_to": newest.isoformat()})
    assert 'aria-label="Alerts"' in client.get(place(people)).text
    assert client.post(place(people, "read/"), {"up_to": "nonsense"}).status_code == 302
    assert "Nothing to tell yet" in people.bob.client().get(place(people)).text


def test_a_second_try_waits_a_moment(people: People) -> None:
    client = people.alice.client()
    tried = [client.post("/t/studio/live/alerts/webhook/try/", follow=True).text for _ in range(2)]
    assert ["A message is on its way" in page for page in tried] == [True, False]
    assert "A message was sent a moment ago" in tried[1]
