import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from django.http import StreamingHttpResponse

from playground.runs import exports
from playground.runs.models import Run
from tests.ledger.zips import fetch, unpack
from tests.personas import People, Persona
from tests.runs.factories import make_run, refused, unknown

pytestmark = pytest.mark.django_db

URL = "/t/studio/sandbox/history/export."


def body(persona: Persona, form: str, query: str = "") -> str:
    response = persona.client().get(f"{URL}{form}{query}")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert "attachment" in response["Content-Disposition"]
    pieces = cast(Iterable[bytes], cast(StreamingHttpResponse, response).streaming_content)
    return b"".join(pieces).decode()


def rows(persona: Persona, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(persona, "csv", query))))


def lines(persona: Persona, query: str = "") -> list[dict[str, Any]]:
    return [json.loads(line) for line in body(persona, "jsonl", query).splitlines()]


def test_amounts_are_exact_and_times_have_a_zone(people: People) -> None:
    make_run(people.membership("bob"), cost="0.0000271234", seed="18446744073709551615")
    (row,) = rows(people.bob)
    assert row["cost_usd"] == "0.0000271234"
    assert row["seed"] == "18446744073709551615"
    assert datetime.fromisoformat(row["created_at"]).tzinfo is not None
    assert row["needs_person"] == "false"
    (line,) = lines(people.bob)
    assert line["cost_usd"] == "0.0000271234"
    assert line["status"] == 200


def test_what_is_not_known_is_empty_and_never_zero(people: People) -> None:
    unknown(people.membership("bob"))
    (row,) = rows(people.bob)
    assert (row["cost_usd"], row["billing"], row["needs_person"]) == ("", "unknown", "true")
    assert lines(people.bob)[0]["cost_usd"] is None


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@cmd", "\tx", "\rx"])
def test_no_cell_is_a_formula(people: People, evil: str) -> None:
    make_run(people.membership("bob"), seed=evil, error_text=f"{evil} words", request_text=f"{evil} request")
    (row,) = rows(people.bob)
    for column in ("seed", "error_text", "request"):
        assert row[column].startswith(f"'{evil}")
    assert lines(people.bob)[0]["seed"] == evil


def test_it_exports_what_the_filter_shows(people: People) -> None:
    bob = people.membership("bob")
    make_run(bob)
    refused(bob, 406, "no", "not_accepted")
    assert [row["status"] for row in rows(people.alice, "?status=406")] == ["406"]
    assert [line["status"] for line in lines(people.alice, "?billing=billed")] == [200]


def test_an_auditors_export_has_no_words(people: People) -> None:
    make_run(people.membership("bob"), request_text='{"prompt": "secret"}', error_text="secret error")
    text = body(people.audrey, "csv") + body(people.audrey, "jsonl")
    assert "secret" not in text
    assert set(rows(people.audrey)[0]) == set(exports.columns(with_words=False))
    assert "secret" in body(people.alice, "csv")


def test_a_balance_in_a_refusal_stays_with_the_keys_owner(people: People) -> None:
    refused(
        people.membership("bob"),
        406,
        "Insufficient credits. Balance: 877.77",
        "credits",
        evidence={"balance_text": "877.77"},
    )
    assert "877.77" in body(people.bob, "jsonl")
    assert "877.77" not in body(people.alice, "jsonl") + body(people.audrey, "csv")


def test_batches_join_without_loss(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "BATCH", 3)
    bob = people.membership("bob")
    made = [str(make_run(bob, ago=timedelta(minutes=minute)).id) for minute in range(10)]
    assert [row["id"] for row in rows(people.bob)] == made
    sizes = [len(batch) for batch in exports.batches(Run.objects.all(), with_words=True)]
    assert sizes == [3, 3, 3, 1]


def test_only_the_team_and_only_two_forms(people: People) -> None:
    make_run(people.membership("alice"))
    people.team.own_runs_only = True
    people.team.save()
    assert rows(people.bob) == []
    assert people.charlie.client().get(f"{URL}csv").status_code == 404
    assert people.nobody.client().get(f"{URL}csv").status_code == 302
    assert people.alice.client().get(f"{URL}xlsx").status_code == 404


def test_every_column_is_documented() -> None:
    from django.conf import settings

    text = (settings.BASE_DIR / "docs" / "exports.md").read_text()
    for name in exports.columns(with_words=True):
        assert f"| `{name}` |" in text, name


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_zip_proves_its_rows(people: People, form: str) -> None:
    bob = people.membership("bob")
    make_run(bob, cost="0.0000271234")
    make_run(bob, cost="1.5", endpoint="kling-2.6")
    unknown(bob)
    manifest, found = unpack(fetch(people.bob, f"{URL}{form}.zip?endpoint=seedream-4.5"))
    assert (manifest["what"], manifest["filter"], manifest["rows"]) == (
        "runs",
        {"endpoint": "seedream-4.5"},
        2,
    )
    costs = [Decimal(row["cost_usd"]) for row in found if row["cost_usd"]]
    assert Decimal(manifest["totals"]["cost_usd"]) == sum(costs) == Decimal("0.0000271234")
    assert (manifest["totals"]["billed"], manifest["totals"]["unknown"]) == (1, 1)


def test_only_a_zip_packs(people: People) -> None:
    assert people.alice.client().get(f"{URL}csv.rar").status_code == 404
