"""Experiments show nobody what their runs would not: in no grid, comparison, gallery, zip or offer. Live and
sandbox never meet, and another team's ids lead nowhere.
"""

import io
import json
import uuid
import zipfile
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Membership
from playground.runs import paid
from playground.runs.models import Run
from playground.workbench import grid, starting, sweeps
from playground.workbench.models import Sweep
from tests.personas import LIVE_TEXT, People, make_key
from tests.runs.factories import add_output, key_of, make_file, make_run

SLUG = "seedream-4.5"
PROMPT = "the secret harbour"
TEXT = f'{{"prompt": "{PROMPT}", "seed": 7}}'
MODES = ("sandbox", "live")


def pictured(membership: Membership, *, mode: str = "sandbox", data: bytes = b"1") -> Run:
    key = key_of(membership) if mode == "sandbox" else make_key(membership, text=LIVE_TEXT, label="Live")
    run = make_run(membership, key=key, request_text=TEXT)
    add_output(run, make_file(membership, data))
    return run


@pytest.fixture
def sweep(bob: Membership) -> Sweep:
    made = sweeps.make(
        membership=bob,
        endpoint=SLUG,
        version=1,
        key=key_of(bob),
        text=TEXT,
        fields=grid.read(TEXT, [("seed", "1..2")]),
        cap_usd=None,
        cap_runs=500,
        per_minute=50,
        token=uuid.uuid4(),
    )
    starting.start_due()
    return made


def base(mode: str = "sandbox", team: str = "studio") -> str:
    return f"/t/{team}/{mode}/"


def pages(sweep: Sweep, root: str) -> list[str]:
    cell = sweep.cells.order_by("position")[0]
    one = f"{root}sweeps/{sweep.id}/"
    parts = (
        "",
        "head/",
        "cells/?since=2026-01-01T00:00:00Z",
        f"cells/{cell.id}/",
        "export.csv",
        "export.zip",
    )
    return [f"{one}{part}" for part in parts]


def deeds(sweep: Sweep, root: str) -> list[str]:
    cell = sweep.cells.order_by("position")[0]
    return [
        f"{root}sweeps/{sweep.id}/{part}" for part in ("stop/", "resume/", "again/", f"cells/{cell.id}/pick/")
    ]


def manifest(client: Client, mode: str) -> list[str]:
    packed = zipfile.ZipFile(io.BytesIO(b"".join(client.get(f"{base(mode)}gallery/outputs.zip"))))
    return [one["run"] for one in json.loads(packed.read("manifest.json"))["files"]]


def compared(client: Client, *runs: Run, mode: str = "sandbox") -> bool:
    page = client.get(f"{base(mode)}compare/", {"run": [str(run.id) for run in runs]})
    return page.status_code == 200


def test_an_auditor_sees_no_experiment(people: People, sweep: Sweep, bob: Membership) -> None:
    run = pictured(bob)
    client = people.audrey.client()
    others = [
        f"{base()}sweeps/",
        f"{base()}gallery/",
        f"{base()}gallery/outputs.zip",
        f"{base()}compare/?run={run.id}",
    ]
    assert {client.get(path).status_code for path in [*pages(sweep, base()), *others]} == {403}
    assert {client.post(path).status_code for path in deeds(sweep, base())} == {403}
    page = client.get(f"{base()}history/{run.id}/")
    assert page.status_code == 200
    assert PROMPT not in page.text
    assert "Replay" not in page.text


@pytest.mark.parametrize("mode", MODES)
def test_a_sweep_is_only_in_its_own_mode(people: People, sweep: Sweep, mode: str) -> None:
    client = people.bob.client()
    expected = 200 if mode == sweep.mode else 404
    assert {client.get(path).status_code for path in pages(sweep, base(mode))} == {expected}
    listed = client.get(f"{base(mode)}sweeps/").text
    assert (str(sweep.id) in listed) is (mode == sweep.mode)


def test_live_and_sandbox_never_meet(people: People, bob: Membership) -> None:
    runs = {mode: pictured(bob, mode=mode, data=mode.encode()) for mode in MODES}
    client = people.bob.client()
    assert not any(compared(client, *runs.values(), mode=mode) for mode in MODES)
    for mode in MODES:
        assert manifest(client, mode) == [str(runs[mode].id)]
        page = client.get(f"{base(mode)}gallery/").context["page"]
        assert [tile.run for tile in page.tiles] == [runs[mode]]
        found = paid.earlier_success(membership=bob, mode=mode, endpoint=SLUG, version=1, text=TEXT)
        assert found == runs[mode]


def test_a_key_of_the_other_mode_begins_no_sweep(people: People, bob: Membership) -> None:
    key = make_key(bob, text=LIVE_TEXT, label="Live")
    make_key(bob)
    data = {"body": TEXT, "version": "1", "key": str(key.id), "token": str(uuid.uuid4()), "field_1": "seed",
            "values_1": "1..2", "cap_runs": "9", "per_minute": "9", "confirm": "2"}  # fmt: skip
    assert people.bob.client().post(f"{base()}sweeps/new/{SLUG}/", data).status_code == 422
    assert not Sweep.objects.exists()


def test_another_teams_ids_lead_nowhere(people: People, sweep: Sweep, bob: Membership) -> None:
    run = pictured(bob)
    other = people.membership("charlie")
    client, root = people.charlie.client(), base(team=other.team.slug)
    mine = pictured(other)
    assert {client.get(path).status_code for path in pages(sweep, root)} == {404}
    assert {client.post(path).status_code for path in deeds(sweep, root)} == {404}
    assert client.get(f"{root}compare/", {"run": [str(run.id), str(mine.id)]}).status_code == 302
    assert client.post(f"{root}history/{run.id}/replay/", {"token": str(uuid.uuid4())}).status_code == 404
    assert client.get(f"{root}sweeps/new/{SLUG}/?run={run.id}").status_code == 404
    again = paid.earlier_success(membership=other, mode="sandbox", endpoint=SLUG, version=1, text=TEXT)
    assert again == mine


Look = Callable[[Client, Sweep, Run], bool]
LOOKS: dict[str, Look] = {
    "grid": lambda client, sweep, _: client.get(f"{base()}sweeps/{sweep.id}/").status_code == 200,
    "list": lambda client, sweep, _: str(sweep.id) in client.get(f"{base()}sweeps/").text,
    "gallery": lambda client, _, run: str(run.id) in client.get(f"{base()}gallery/").text,
    "zip": lambda client, _, run: str(run.id) in manifest(client, "sandbox"),
    "text": lambda client, _, run: (
        client.get(f"{base()}sweeps/new/{SLUG}/", {"run": str(run.id)}).status_code == 200
    ),
}


@pytest.mark.parametrize("look", LOOKS)
def test_where_runs_are_private_nobody_else_sees_them(
    people: People, sweep: Sweep, bob: Membership, look: str
) -> None:
    run = pictured(bob)
    type(people.team).objects.filter(id=people.team.id).update(own_runs_only=True)
    seen = {
        name: LOOKS[look](getattr(people, name).client(), sweep, run) for name in ("bob", "alice", "adam")
    }
    assert seen == {"bob": True, "alice": False, "adam": False}
