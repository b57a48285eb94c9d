"""The gallery: pages by keyset, filters, and a zip that says what each file was made from."""

import io
import json
import zipfile

import pytest
from django.test import Client

from accounts.models import Membership
from playground.runs.models import Run
from playground.workbench import gallery
from tests.personas import People
from tests.runs.factories import add_output, make_file, make_run

PATH = "/t/studio/sandbox/gallery/"


@pytest.fixture
def client(people: People) -> Client:
    return people.bob.client()


def pictured(membership: Membership, data: bytes = b"1", **columns: str) -> Run:
    run = make_run(membership, **columns)  # type: ignore[arg-type]
    add_output(run, make_file(membership, data))
    return run


def shown(client: Client, **query: str) -> set[str]:
    page = client.get(PATH, query)
    assert page.status_code == 200
    return {str(tile.run.id) for tile in page.context["page"].tiles}


def test_filters_and_pages(
    client: Client, people: People, bob: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    dear = pictured(bob, cost="2.0", endpoint="veo-3", tag="spot")
    hers = pictured(people.membership("alice"), b"2")
    make_run(bob)  # returned nothing that is kept
    assert shown(client) == {str(dear.id), str(hers.id)}
    assert (
        shown(client, endpoint="veo-3")
        == shown(client, tag="spot")
        == shown(client, low="1")
        == {str(dear.id)}
    )
    assert shown(client, person=str(bob.user_id)) == {str(dear.id)}
    assert shown(client, high="1") == {str(hers.id)}
    assert shown(client, kind="video") == set()
    assert shown(client, low="nonsense", before="x") == {str(dear.id), str(hers.id)}
    monkeypatch.setattr(gallery, "PAGE", 1)
    first = shown(client)
    assert len(first) == 1
    assert shown(client, before=first.copy().pop()) == {str(dear.id), str(hers.id)} - first


def test_the_zip_says_what_each_file_was_made_from(client: Client, bob: Membership) -> None:
    text = '{"prompt": "a boat", "seed": 18446744073709551615}'
    run = make_run(bob, request_text=text, seed="18446744073709551615", cost="0.0312")
    file = make_file(bob, b"bytes of a picture")
    add_output(run, file)
    gone = make_file(bob, b"gone")
    add_output(run, gone)
    gone.storage_name = "nowhere"
    gone.save()
    packed = zipfile.ZipFile(io.BytesIO(b"".join(client.get(f"{PATH}outputs.zip"))))
    manifest = json.loads(packed.read("manifest.json"))
    (one,) = manifest["files"]
    assert (one["sha256"], one["cost_usd"], one["seed"]) == (file.sha256, "0.0312000000", run.seed)
    assert packed.read(one["file"]) == b"bytes of a picture"
    assert packed.read(one["payload"]).decode() == text
    assert manifest["missing"][0]["run"] == str(run.id)


def test_private_runs_are_in_nobody_elses_gallery(people: People, bob: Membership) -> None:
    pictured(bob)
    type(people.team).objects.filter(id=people.team.id).update(own_runs_only=True)
    assert shown(people.alice.client()) == set()
    assert len(shown(people.bob.client())) == 1
