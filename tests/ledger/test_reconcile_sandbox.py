"""Our books against a provider that keeps its own, over a real socket."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey
from playground.ledger import balances, reconcile, reconcile_mail, sharing, tasks
from playground.ledger.models import AccountState, SharedBalance, Snapshot
from tests.ledger.seen import spend
from tests.personas import People, make_people
from tests.sandbox_server import SandboxServer

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"prompt": "a hill", "width": 64, "height": 64}


@pytest.fixture
def people(transactional_db: None) -> People:
    return make_people()


class Account:
    """One key that is stored here and known there."""

    def __init__(
        self, sandbox: SandboxServer, people: People, *, shares: str = "", owner: str = "bob"
    ) -> None:
        self.sandbox = sandbox
        self.text = sandbox.new_key("10", free="0.5")
        if shares:
            sandbox.change_key(self.text, shares=shares)
        row = keys.add_key(membership=people.membership(owner), label="Studio", text=self.text)
        self.key: ApiKey = keys.lend(membership=people.membership(owner), key=row, lent=True)

    def call(self, cost: str) -> httpx.Response:
        """A paid call straight to the provider, as a script outside would make it."""
        body: dict[str, Any] = {**BODY, "_sandbox": {"cost": cost}}
        answer = httpx.post(
            f"{self.sandbox.url}/v1/flux-schnell",
            json=body,
            headers={"x-api-key": self.text},
            timeout=30,
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        return answer

    def run(self, cost: str) -> None:
        """The same as a run of ours, with its hold and its charge."""
        headers = self.call(cost).headers
        evidence = {"balance_text": headers["x-remaining-credits"], "cost_source": "header"}
        spend(self.key, headers["x-cost"], evidence=evidence)

    def check(self) -> None:
        tasks.check_balance(key_id=str(self.key.id))

    @property
    def state(self) -> AccountState:
        return AccountState.objects.get(key_id=self.key.id)


@pytest.fixture
def account(sandbox: SandboxServer, people: People) -> Account:
    return Account(sandbox, people)


def test_what_went_through_atelier_agrees_to_the_last_digit(account: Account) -> None:
    account.check()
    account.run("0.0078544346")
    account.run("0.6")
    account.check()
    assert account.state.unexplained == 0
    last = Snapshot.objects.filter(key_id=account.key.id).latest("at")
    assert (last.total, last.free, last.source) == (Decimal("9.8921455654"), Decimal(0), "check")


def test_a_call_from_outside_becomes_visible(account: Account) -> None:
    account.check()
    account.run("0.25")
    account.call("0.4200000001")
    account.check()
    assert account.state.unexplained == Decimal("0.4200000001")


def test_a_top_up_is_seen_and_is_not_unexplained(account: Account) -> None:
    account.check()
    account.run("0.25")
    account.sandbox.change_key(account.text, credits="35")
    account.check()
    found = reconcile.account_of(account.key.team, "sandbox", account.key.id)
    assert found is not None
    today = timezone.now().astimezone(account.key.team.zone).date()
    one = reconcile.books_of(found, today).statement(today)
    assert one is not None
    # 0.25 of the free credits are gone; the paid ones were set from 10 to 35.
    assert (one.topped_up, one.charges, one.unexplained) == (Decimal(25), Decimal("0.25"), Decimal(0))
    assert account.state.unexplained == 0


def test_the_balances_of_answers_are_enough_where_no_check_came_through(account: Account) -> None:
    account.check()
    account.sandbox.fault("get-user-credits", "status_500", key=account.text)
    account.check()
    account.call("0.125")
    account.run("0.25")
    tasks.gather_balances()
    assert account.state.unexplained == Decimal("0.125")
    account.sandbox.clear_faults()


def test_two_keys_of_one_account(sandbox: SandboxServer, people: People) -> None:
    first = Account(sandbox, people)
    second = Account(sandbox, people, shares=first.text, owner="adam")
    for place in range(4):
        (first, second)[place % 2].run("0.25")
        first.check()
        second.check()
    tasks.gather_balances()
    # Apart, each sees the other's runs as calls from outside.
    assert first.state.unexplained > 0
    pair = SharedBalance.objects.get()
    sharing.judge_pair(membership=people.membership("alice"), pair=pair, together=True)
    second.run("0.5")
    first.check()
    assert first.state.unexplained == 0
    assert (first.state.keys, AccountState.objects.count()) == (2, 1)


def test_an_unreadable_balance_is_no_snapshot(account: Account) -> None:
    account.sandbox.revoke(account.text)
    account.check()
    assert not Snapshot.objects.exists()
    assert not AccountState.objects.exists()


def test_a_key_that_stopped_is_not_asked(account: Account) -> None:
    ApiKey.objects.filter(id=account.key.id).update(state="revoked", lent=False, is_default=False)
    assert balances.check(account.key.id) is None


def test_the_mail_goes_to_owners_and_admins_once_a_day(
    account: Account, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_mail, "FROM_HOUR", 0)
    account.check()
    account.run("0.25")
    account.check()
    assert reconcile_mail.send_due() == 0
    account.call("0.42")
    account.check()
    assert (reconcile_mail.send_due(), reconcile_mail.send_due()) == (2, 0)
    assert sorted(one.to[0] for one in mail.outbox) == ["adam@example.com", "alice@example.com"]
    assert mail.outbox[0].subject == "Studio: $ 0.4200 unexplained (sandbox)"
    assert "/t/studio/sandbox/reconcile/" in mail.outbox[0].body
    assert account.text not in mail.outbox[0].body


# -- what the pages show to whom


def url(path: str = "") -> str:
    return f"/t/studio/sandbox/reconcile/{path}"


def day_url(account: Account) -> str:
    today = timezone.now().astimezone(account.key.team.zone).date()
    return url(f"{account.key.id}/{today}/")


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return answer.text


def test_the_page_says_how_an_account_stands(account: Account, people: People) -> None:
    assert "No balance seen yet" in text(people.alice.client(), url())
    account.check()
    account.run("0.25")
    account.check()
    page = text(people.audrey.client(), url())
    assert "Agrees to the last digit" in page
    assert "10.2500" in page
    assert "Check now" not in page  # an auditor changes nothing
    account.call("0.42")
    account.check()
    assert "0.4200</span> unexplained" in text(people.alice.client(), url())


def test_a_balance_that_is_not_yours_to_see_is_left_out(account: Account, people: People) -> None:
    account.check()
    account.call("0.42")
    account.check()
    for address in (url(), day_url(account), url(f"{account.key.id}/")):
        assert "10.08" in text(people.alice.client(), address)
    ApiKey.objects.filter(id=account.key.id).update(lent=False)
    for address in (url(), day_url(account), url(f"{account.key.id}/")):
        page = text(people.alice.client(), address)
        assert "10.08" not in page
        assert "10.5" not in page
        assert "0.4200" in page


def test_naming_a_step_on_its_day(account: Account, people: People) -> None:
    account.check()
    account.call("0.42")
    account.check()
    at = Snapshot.objects.latest("at").at.isoformat()
    client, address = people.adam.client(), day_url(account)
    assert at.replace("+", "&#x2B;") in text(client, address) or at in text(client, address)
    assert client.post(address, {"at": at, "kind": "outside", "note": ""}).status_code == 422
    assert client.post(address, {"at": "yesterday", "kind": "outside", "note": "x"}).status_code == 422
    assert client.post(address, {"at": at, "kind": "outside", "note": "A notebook"}).status_code == 302
    page = text(client, address)
    assert "Adam" in page
    assert "A notebook" in page
    assert account.state.unexplained == 0
    late = client.post(address, {"at": "2026-11-01T10:00:00+00:00", "kind": "outside", "note": "x"})
    assert "explained by now" in late.text
    assert people.audrey.client().post(address, {"at": at}).status_code == 403


def test_checking_now_asks_and_shows_the_answer_when_it_is_there(account: Account, people: People) -> None:
    client = people.alice.client()
    answer = client.post(url("check/"), headers={"HX-Request": "true"})
    assert "Asking the provider" in answer.text
    assert 'hx-trigger="load delay:1s"' in answer.text
    account.check()
    account.check()
    page = client.get(url() + "?asked=1", headers={"HX-Request": "true"}).text
    assert "Agrees to the last digit" in page
    assert "hx-get" in page  # once more, for a state that was still being written
    assert 'hx-trigger="load delay:1s"' not in client.get(url(), headers={"HX-Request": "true"}).text


def test_a_check_that_fails_says_why_and_keeps_the_old_figure(account: Account, people: People) -> None:
    account.check()
    assert "Seen once" in text(people.alice.client(), url())
    account.check()
    account.sandbox.fault("get-user-credits", "status_429", key=account.text, times=1)
    account.check()
    page = text(people.alice.client(), url())
    assert "rate limit is reached" in page
    assert "Agrees to the last digit" in page


def test_live_and_sandbox_are_apart(account: Account, people: People) -> None:
    account.check()
    assert "No keys here yet" in text(people.alice.client(), "/t/studio/live/reconcile/")
    assert people.alice.client().get(f"/t/studio/live/reconcile/{account.key.id}/").status_code == 404


def test_a_day_nobody_looked_and_a_day_that_is_none(account: Account, people: People) -> None:
    client = people.alice.client()
    assert "No balance seen that day" in text(client, url(f"{account.key.id}/2026-01-02/"))
    assert client.get(url(f"{account.key.id}/tomorrow/")).status_code == 404
    assert client.get(url(f"{account.key.id}/?until=soon")).status_code == 404


def test_saying_that_two_keys_are_one_account(sandbox: SandboxServer, people: People) -> None:
    first = Account(sandbox, people)
    second = Account(sandbox, people, shares=first.text, owner="adam")
    for _ in range(4):
        first.run("0.25")
        first.check()
        second.check()
    tasks.gather_balances()
    address = url(f"pairs/{SharedBalance.objects.get().id}/")
    client = people.alice.client()
    assert "may share an account" in text(client, url())
    assert client.post(address, {"together": "perhaps"}).status_code == 302
    assert "2 keys" not in text(client, url())
    assert client.post(address, {"together": "yes"}).status_code == 302
    assert "2 keys" in text(client, url())
    assert people.audrey.client().post(address, {"together": "no"}).status_code == 403
    assert people.charlie.client().post(address, {"together": "no"}).status_code == 404
