"""The pages of a sweep: count and price before anything, the grid, its deeds, its exports."""

import io
import json
import re
import uuid
import zipfile
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, Membership
from playground.payloads.saving import save_payload, save_version
from playground.payloads.variables import Kind, Variable
from playground.runs.models import File, Run, State
from playground.runs.retention import erase_content
from playground.workbench import grid, retention, starting, sweep_page, sweeps
from playground.workbench.models import Sweep, SweepCell
from tests.personas import People, make_key
from tests.runs.factories import add_output, make_file, make_run

BASE = "/t/studio/sandbox/sweeps/"
NEW = f"{BASE}new/seedream-4.5/"
TEXT = '{"prompt": "a boat",\n "seed": -1}'


@pytest.fixture
def key(bob: Membership) -> ApiKey:
    return make_key(bob)


@pytest.fixture
def client(people: People) -> Client:
    return people.bob.client()


def form(key: ApiKey, **changes: Any) -> dict[str, Any]:
    values = {
        "body": TEXT,
        "version": "1",
        "key": str(key.id),
        "token": str(uuid.uuid4()),
        "field_1": "seed",
        "values_1": "1..3",
        "field_2": "prompt",
        "values_2": "a cat\na dog",
        "field_3": "",
        "values_3": "",
        "cap_usd": "2",
        "cap_runs": "500",
        "per_minute": "30",
    }
    return {**values, **changes}


@pytest.fixture
def sweep(bob: Membership, key: ApiKey) -> Sweep:
    made = sweeps.make(
        membership=bob,
        endpoint="seedream-4.5",
        version=1,
        key=key,
        text=TEXT,
        fields=grid.read(TEXT, [("seed", "1..2")]),
        cap_usd=None,
        cap_runs=500,
        per_minute=50,
        token=uuid.uuid4(),
    )
    starting.start_due()
    return made


def ended(cell: SweepCell, state: State, *, file: File | None = None) -> Run:
    assert cell.run is not None
    billing = "billed" if state == State.SUCCEEDED else "not_billed"
    cost = {"cost": "0.04", "cost_source": "header"} if billing == "billed" else {}
    Run.objects.filter(id=cell.run.id).update(state=state, billing=billing, status=200, seed="1", **cost)
    if file is not None:
        add_output(cell.run, file)
    return Run.objects.get(id=cell.run.id)


def test_count_and_price_come_before_anything_is_made(client: Client, key: ApiKey) -> None:
    data = form(key)
    page = client.post(NEW, data)
    assert "Start 6 runs" in page.text
    assert "$ 0." in page.text
    assert not Sweep.objects.exists()
    made = client.post(NEW, {**data, "confirm": "6"})
    again = client.post(NEW, {**data, "confirm": "6"})
    assert made["Location"] == again["Location"] == f"{BASE}{Sweep.objects.get().id}/"
    assert SweepCell.objects.count() == 6
    assert Sweep.objects.get().text == TEXT


def test_ten_thousand_cells_are_refused_at_once_and_nothing_typed_is_lost(
    client: Client, key: ApiKey
) -> None:
    page = client.post(NEW, form(key, values_1="1..5000"))
    assert page.status_code == 422
    assert "10\u202f000 runs" in client.post(NEW, form(key, values_1="1..10000")).text
    assert "1..5000" in page.text
    assert not Sweep.objects.exists()


def test_the_playground_hands_its_text_over(client: Client, key: ApiKey) -> None:
    page = client.post(
        NEW, {"body": '{"prompt": "unsaved"}', "version": "2", "key": str(key.id), "token": "x"}
    )
    assert page.status_code == 200
    assert "unsaved" in page.text
    assert not Sweep.objects.exists()


def test_the_grid_says_why_and_names_the_price(client: Client, sweep: Sweep, bob: Membership) -> None:
    first, second = sweep.cells.order_by("position")
    ended(first, State.FAILED)
    ended(second, State.SUCCEEDED, file=make_file(bob))
    page = client.get(f"{BASE}{sweep.id}/").text
    assert re.search(r"Run again, (about )?\$ 0\.\d{4}", page)
    assert "2 of 2" in page
    client.post(f"{BASE}{sweep.id}/again/", {"cell": str(first.id)})
    starting.start_due()
    first.refresh_from_db()
    assert first.attempts == 2
    assert (
        str(first.run_id)
        in client.get(f"{BASE}{sweep.id}/cells/", {"since": "2026-01-01T00:00:00+00:00"}).text
    )


def test_a_winner_can_be_saved(client: Client, sweep: Sweep, bob: Membership) -> None:
    cell = sweep.cells.order_by("position").first()
    assert cell is not None
    run = ended(cell, State.SUCCEEDED)
    answer = client.post(
        f"{BASE}{sweep.id}/cells/{cell.id}/pick/", {"picked": "on"}, headers={"HX-Request": "true"}
    )
    assert f"/payloads/new/?run={run.id}" in answer.text.replace("&amp;", "&")
    client.post(f"{BASE}{sweep.id}/cells/{cell.id}/pick/", {})
    cell.refresh_from_db()
    assert not cell.picked


def test_everything_can_be_taken_along(client: Client, sweep: Sweep, bob: Membership) -> None:
    file = make_file(bob)
    for cell in sweep.cells.select_related("run"):
        ended(cell, State.SUCCEEDED, file=file)
    lines = b"".join(client.get(f"{BASE}{sweep.id}/export.csv")).decode().splitlines()
    assert lines[0].startswith("cell,seed,picked,state")
    assert len(lines) == 3
    packed = zipfile.ZipFile(io.BytesIO(b"".join(client.get(f"{BASE}{sweep.id}/export.zip"))))
    manifest = json.loads(packed.read("manifest.json"))
    assert [one["sha256"] for one in manifest["files"]] == [file.sha256] * 2
    assert manifest["files"][0]["cost_usd"] == "0.0400000000"
    assert packed.read(manifest["files"][1]["payload"]).decode() == TEXT.replace("-1", "2")
    assert packed.testzip() is None
    assert "cells.csv" in packed.namelist()


def test_others_see_it_only_where_runs_are_shared(people: People, sweep: Sweep) -> None:
    path = f"{BASE}{sweep.id}/"
    assert people.alice.client().get(path).status_code == 200
    type(people.team).objects.filter(id=people.team.id).update(own_runs_only=True)
    assert people.alice.client().get(path).status_code == 404
    assert people.bob.client().get(path).status_code == 200


def test_a_winner_becomes_a_version_that_keeps_its_other_variables(
    client: Client, bob: Membership, key: ApiKey
) -> None:
    text = '{"prompt": "{{animal}} at dusk", "seed": "{{seed}}", "size": "1K"}'
    declared = [Variable("animal", default="a fox"), Variable("seed", Kind.INTEGER, "7")]
    payload = save_payload(
        membership=bob, name="Dusk", endpoint="seedream-4.5", version=1, text=text, variables=declared
    )
    sent = '{"prompt": "a heron at dusk", "seed": 7, "size": "1K"}'
    for body, kept in (
        (sent, '{"prompt": "{{animal}} at dusk", "seed": 11, "size": "2K"}'),
        (sent.replace("dusk", "dawn"), None),
    ):
        made = sweeps.make(
            membership=bob, endpoint="seedream-4.5", version=1, key=key, text=body, cap_usd=None, cap_runs=9,
            fields=grid.read(body, [("seed", "11"), ("size", "2K")]), per_minute=50, token=uuid.uuid4(),
            payload_version=payload.versions.get(),
        )  # fmt: skip
        (cell,) = sweep_page.shown_cells(bob, made)
        assert cell.kept_text == kept


@pytest.mark.parametrize(
    ("sent", "values"),
    [
        ('{"prompt": "a fox", "loras": {}}', [("prompt", "a heron")]),
        ('{"prompt": "a fox", "loras": []}', [("prompt", "a {{animal}}")]),
    ],
)
def test_what_was_not_sent_like_this_is_not_kept_with_variables(
    bob: Membership, key: ApiKey, sent: str, values: list[tuple[str, str]]
) -> None:
    payload = save_payload(
        membership=bob, name="Dusk", endpoint="seedream-4.5", version=1,
        text='{"prompt": "{{animal}}", "loras": []}', variables=[Variable("animal", default="a fox")],
    )  # fmt: skip
    made = sweeps.make(
        membership=bob, endpoint="seedream-4.5", version=1, key=key, text=sent, cap_usd=None, cap_runs=9,
        fields=grid.read(sent, values), per_minute=50, token=uuid.uuid4(), payload_version=payload.versions.get(),
    )  # fmt: skip
    (cell,) = sweep_page.shown_cells(bob, made)
    assert cell.kept_text is None


def test_an_erased_winner_is_shown_and_offered_nowhere(client: Client, bob: Membership, sweep: Sweep) -> None:
    cell = sweep.cells.order_by("position")[0]
    cell.run, cell.state, cell.picked = make_run(bob, request_text=TEXT), SweepCell.State.STARTED, True
    cell.save()
    sweep.payload_version = save_payload(
        membership=bob, name="Boats", endpoint="seedream-4.5", version=1, text=TEXT
    ).versions.get()
    sweep.save()
    address = f"{BASE}{sweep.id}/"
    assert "Save as version" in client.get(address).text
    erase_content(run=cell.run, actor=bob.user)
    assert "Save as version" not in client.get(address).text
    retention.apply()
    assert client.get(address).status_code == 200


def test_a_winner_covers_no_version_that_was_saved_since(
    client: Client, bob: Membership, sweep: Sweep
) -> None:
    payload = save_payload(membership=bob, name="Boats", endpoint="seedream-4.5", version=1, text=TEXT)
    sweep.payload_version = payload.versions.get()
    sweep.save()
    cell = sweep.cells.order_by("position")[0]
    cell.run, cell.state, cell.picked = make_run(bob, request_text=TEXT), SweepCell.State.STARTED, True
    cell.save()
    save_version(membership=bob, payload=payload, base=1, version=1, text='{"prompt": "theirs"}')
    page = client.get(f"{BASE}{sweep.id}/").text
    base = re.search(r'name="base" value="(\d+)"', page)
    assert base is not None
    answer = client.post(
        f"/t/studio/sandbox/payloads/{payload.id}/save/", {"base": base[1], "version": "1", "body": TEXT}
    )
    assert answer.status_code == 409


@pytest.mark.parametrize("body", ["{1.5: 2}", '{"\\ud800": 1}', "{[]: 1}", "]", "{{}:1}"])
def test_a_form_begins_with_whatever_the_playground_holds(client: Client, body: str) -> None:
    answer = client.post(NEW, {"body": body, "version": "1"})
    assert answer.context["form"].initial["body"] == body


@pytest.mark.parametrize(
    "since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-29T10:00:00", "x"]
)
def test_a_time_that_is_none_finds_nothing(client: Client, sweep: Sweep, since: str) -> None:
    assert client.get(f"{BASE}{sweep.id}/cells/", {"since": since}).status_code == 404
