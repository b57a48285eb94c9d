"""Lost answers, looked up in the history of a provider that keeps its own books."""

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from accounts import keys
from accounts.models import ApiKey
from playground.ledger.models import Entry
from playground.runs import doubts, evidence, resolve
from playground.runs.models import Billing, CostSource, HistoryLook, Run, State
from playground.segmind.history import HistoryRow
from tests.personas import People
from tests.runs.factories import make_run, unknown
from tests.sandbox_server import SandboxServer

pytestmark = pytest.mark.django_db
SMALL = {"prompt": "a hill", "width": 64, "height": 64, "seed": 7}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


class Provider:
    """One key with an account of its own, and calls with it whose answers nobody reads."""

    def __init__(self, server: SandboxServer, people: People) -> None:
        self.server = server
        self.bob = people.membership("bob")
        self.text = server.new_key("100")
        self.key: ApiKey = keys.add_key(membership=self.bob, label="Studio", text=self.text)

    def call(self, body: dict[str, Any], *, slug: str = "flux-schnell", version: int = 1) -> str:
        """One POST; the provider's id of it, from its books."""
        with contextlib.suppress(httpx.RemoteProtocolError):
            httpx.post(
                f"{self.server.url}/v{version}/{slug}",
                content=json.dumps(body),
                headers={"x-api-key": self.text, "content-type": "application/json"},
                timeout=30,
                trust_env=False,
            )
        self.server.wait_idle()
        return str(self.server.accepted(self.text)[-1]["request_id"])

    def lose(self, body: dict[str, Any], **more: Any) -> Run:
        """A call whose answer was cut after the charge, and the run that we have of it."""
        sent = {**body, "_sandbox": {"fault": "drop_after_charge"}}
        self.call(sent, **more)
        return self.doubt(sent, **more)

    def doubt(self, body: dict[str, Any], *, slug: str = "flux-schnell", **columns: Any) -> Run:
        return unknown(
            self.bob,
            key=self.key,
            endpoint=slug,
            request_text=json.dumps(body),
            ago=columns.pop("ago", timedelta(seconds=5)),
            **columns,
        )

    @property
    def charge(self) -> Decimal:
        return Decimal(self.server.charges(self.text)[-1]["cost"])


@pytest.fixture
def provider(server: SandboxServer, people: People, settings: Settings) -> Provider:
    settings.SANDBOX_URL = server.url
    return Provider(server, people)


def test_an_answer_lost_after_the_charge_is_found_with_its_exact_cost(provider: Provider) -> None:
    run = provider.lose(SMALL)
    assert resolve.keys_in_doubt() == [provider.key.id]
    assert resolve.resolve_key(provider.key.id) == 1
    run.refresh_from_db()
    assert (run.state, run.billing, run.cost, run.cost_source) == (
        State.UNKNOWN, Billing.BILLED, provider.charge, CostSource.HISTORY,
    )  # fmt: skip
    assert run.request_id == provider.server.accepted(provider.text)[-1]["request_id"]
    assert run.evidence["history_match"] == resolve.Match.BODY
    assert "provider's own history" in evidence.rule(run)
    entry = Entry.objects.filter(run_id=run.id).latest("id")
    assert (entry.kind, entry.made_by, entry.spent) == ("charge", "resolver", provider.charge)
    assert entry.evidence["cost_source"] == "history"
    assert resolve.keys_in_doubt() == []
    assert resolve.resolve_key(provider.key.id) == 0


def test_a_job_of_many_outputs_costs_once(provider: Provider) -> None:
    body = {"prompt": "a hill", "samples": 4, "img_width": 64, "img_height": 64}
    request_id = provider.call(body, slug="ssd-1b", version=2)
    run = make_run(
        provider.bob,
        key=provider.key,
        endpoint="ssd-1b",
        version=2,
        cost=None,
        request_id=request_id,
        reason="result_lost",
    )
    assert resolve.resolve_key(provider.key.id) == 1
    run.refresh_from_db()
    assert (run.cost, run.evidence["history_outputs"]) == (provider.charge, 4)
    assert run.evidence["history_match"] == resolve.Match.REQUEST_ID


def test_a_job_that_failed_is_not_billed(provider: Provider) -> None:
    body = {**SMALL, "_sandbox": {"fault": "job_fails", "error": "No face found"}}
    request_id = provider.call(body, version=2)
    run = provider.doubt(body, version=2, request_id=request_id, reason="vanished")
    assert resolve.resolve_key(provider.key.id) == 1
    run.refresh_from_db()
    assert (run.billing, run.cost, run.cost_source) == (Billing.NOT_BILLED, None, "")
    assert evidence.words(
        run, zone=run.team.zone, sees_content=True, sees_balance=True
    ) == "provider history: failed"  # fmt: skip


def test_two_that_fit_prove_nothing(provider: Provider) -> None:
    first = provider.lose(SMALL)
    provider.call(json.loads(first.text.request_text))
    assert resolve.resolve_key(provider.key.id) == 0
    assert HistoryLook.objects.get(run=first).fitting == 2
    (doubt,) = doubts.with_hints(provider.bob, "sandbox", [first])
    assert [hint.words for hint in doubt.hints] == ["2 requests in the provider's history might be it."]


def test_one_that_fits_two_runs_proves_nothing(provider: Provider) -> None:
    first = provider.lose(SMALL)
    second = provider.doubt(json.loads(first.text.request_text))
    assert resolve.resolve_key(provider.key.id) == 0
    assert {first.id, second.id} == set(Run.objects.needing_a_person().values_list("id", flat=True))


@pytest.mark.parametrize(
    "columns",
    [
        {"state": State.SENDING, "billing": Billing.PENDING, "status": None},
        {"state": State.SUCCEEDED, "billing": Billing.BILLED, "cost": "0.04"},
    ],
)
def test_a_request_that_may_be_another_runs_proves_nothing(
    provider: Provider, columns: dict[str, Any]
) -> None:
    run = provider.lose(SMALL)
    sent: dict[str, Any] = {
        "endpoint": "flux-schnell",
        "request_text": run.text.request_text,
        "ago": timedelta(seconds=4),
    }
    rival = make_run(provider.bob, key=provider.key, **sent, **columns)
    assert resolve.resolve_key(provider.key.id) == 0
    Run.objects.filter(id=rival.id).update(billing=Billing.NOT_BILLED, cost=None, cost_source="")
    assert resolve.resolve_key(provider.key.id) == 1


def test_a_request_that_another_run_has_is_taken(provider: Provider) -> None:
    request_id = provider.call(SMALL)
    make_run(provider.bob, key=provider.key, endpoint="flux-schnell", request_id=request_id)
    run = provider.doubt(SMALL)
    assert resolve.resolve_key(provider.key.id) == 0
    assert HistoryLook.objects.get(run=run).fitting == 0


def test_another_body_or_another_time_does_not_fit(provider: Provider) -> None:
    provider.call(SMALL)
    runs = [provider.doubt({**SMALL, "seed": 8}), provider.doubt(SMALL, ago=timedelta(hours=5))]
    assert resolve.resolve_key(provider.key.id) == 0
    assert [HistoryLook.objects.get(run=run).fitting for run in runs] == [0, 0]


def test_absence_is_a_suggestion_once_the_record_must_be_there(provider: Provider) -> None:
    old, young = provider.doubt(SMALL, ago=timedelta(hours=3)), provider.doubt(SMALL)
    assert resolve.resolve_key(provider.key.id) == 0
    assert HistoryLook.objects.get(run=old).absent
    assert not HistoryLook.objects.get(run=young).absent
    old.refresh_from_db()
    assert old.billing == Billing.UNKNOWN
    (doubt,) = doubts.with_hints(provider.bob, "sandbox", [old])
    assert [hint.speaks_for for hint in doubt.hints] == ["no"]


@pytest.mark.parametrize("fault", ["status_500", "status_401"])
def test_a_history_that_did_not_answer_whole_suggests_nothing(provider: Provider, fault: str) -> None:
    provider.server.fault("request-history", fault, key=provider.text, times=1)
    run = provider.doubt(SMALL, ago=timedelta(hours=3))
    assert resolve.resolve_key(provider.key.id) == 0
    assert not HistoryLook.objects.get(run=run).absent


def test_live_runs_have_no_history_unless_the_settings_name_one(people: People, settings: Settings) -> None:
    settings.SEGMIND_HISTORY_URL = ""
    bob = people.membership("bob")
    key = keys.add_key(membership=bob, label="Live", text="SG_0123456789abcdef")
    unknown(bob, key=key)
    assert resolve.keys_in_doubt() == []
    assert resolve.resolve_key(key.id) == 0


def row(**values: Any) -> HistoryRow:
    usual: dict[str, Any] = {
        "request_id": "abc", "model": "seedream-4.5", "status": "COMPLETED", "cost": Decimal("0.05"),
        "cost_text": "0.05", "created_text": "2026-11-22T10:00:00", "error": "",
    }  # fmt: skip
    return HistoryRow(**usual | values)


def test_a_person_who_was_first_is_not_overruled(people: People) -> None:
    run = make_run(people.membership("bob"), cost="0.7", cost_source=CostSource.PERSON)
    assert not resolve.settle(run.id, row=row(), match=resolve.Match.BODY)
    run.refresh_from_db()
    assert run.cost == Decimal("0.7")


def test_a_charge_without_a_readable_cost_still_needs_a_person(people: People) -> None:
    run = unknown(people.membership("bob"))
    found = row(cost=None, cost_text="free")
    assert resolve.settle(run.id, row=found, match=resolve.Match.REQUEST_ID)
    run.refresh_from_db()
    assert (run.billing, run.cost, run.needs_person) == (Billing.BILLED, None, True)
    assert not resolve.settle(run.id, row=found, match=resolve.Match.REQUEST_ID)


@pytest.mark.parametrize("status", ["PENDING", "", "CANCELLED"])
def test_other_words_of_the_history_decide_nothing(people: People, status: str) -> None:
    run = unknown(people.membership("bob"))
    assert not resolve.settle(run.id, row=row(status=status), match=resolve.Match.REQUEST_ID)


def test_a_body_is_not_compared_where_words_are_gone_or_files_were_sent(people: People) -> None:
    run = unknown(people.membership("bob"), request_id="")
    created = (run.claimed_at or run.created_at).isoformat()
    for body, fitting in ((None, 1), ({"prompt": "another"}, 0)):
        found = resolve.look_up([run], [row(created_text=created, body=body)])[run.id]
        assert (found.row, found.fitting) == (None, fitting)
    assert resolve.look_up([run], [row(created_text="soon", body=None)])[run.id].fitting == 1
