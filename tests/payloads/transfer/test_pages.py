"""The pages of import and export: seen before it happens, all of it or none, and only what this person may see."""

import io
import json
import re
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from playground.payloads.models import Payload, PayloadVersion, Visibility
from playground.payloads.saving import save_payload, save_version
from playground.payloads.transfer import importing
from playground.payloads.transfer.records import Found, Record
from playground.payloads.variables import Kind, Variable
from playground.runs import body
from tests.payloads.conftest import TEXT, Save
from tests.payloads.transfer.samples import STUDIO, collection, request, row, written
from tests.personas import LIVE_TEXT, People
from tests.runs.factories import make_file

HERE = "/t/studio/sandbox/payloads/"
PROVIDER = "https://api.segmind.com/v1/painter"


@pytest.fixture
def client(people: People) -> Client:
    return people.bob.client()


def show(client: Client, data: Any, *, name: str = "studio.json", into: str = "") -> Any:
    content = data if isinstance(data, bytes) else written(data)
    return client.post(f"{HERE}import/", {"file": SimpleUploadedFile(name, content), "into": into})


def confirm(client: Client, shown: Any, **choices: str) -> Any:
    data = {"sealed": shown.context["sealed"], "visibility": "private", **choices}
    return client.post(f"{HERE}import/confirm/", data, follow=True)


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def found_of(shown: Any) -> dict[str, Found]:
    return {one.path: one for one in shown.context["found"]}


def test_a_collection_is_shown_first_and_written_after_a_yes(client: Client, bob: Membership) -> None:
    shown = show(client, STUDIO, into="From Postman")
    page = words_of(shown)
    assert "Import 2 payloads?" in page
    assert "1 taken as it is, 1 changed, 4 left out." in page
    assert "There was a key in this file; it is left out" in page
    assert f'href="{reverse("accounts:key_add", args=["studio"])}"' in page
    assert not Payload.objects.exists()
    assert "2 payloads imported." in words_of(confirm(client, shown))
    fox = Payload.objects.get(name="Fox")
    assert (fox.folder, fox.visibility, fox.owner) == (
        "From Postman/Portraits/Studio - light", Visibility.PRIVATE, bob.user,
    )  # fmt: skip
    assert [variable["name"] for variable in fox.versions.get().variables] == ["animal", "mood", "seed"]
    event = AuditEvent.objects.get(verb="payload.imported")
    assert event.target == "2 payloads"


def test_no_key_is_stored_or_shown(client: Client) -> None:
    inside = request(
        "In its body", json.dumps({"a": f"use {LIVE_TEXT}", "api_key": "secret-123456"}), url=PROVIDER
    )
    named = request(f"Named {LIVE_TEXT}", "{}", url=PROVIDER, description=f"Use {LIVE_TEXT}")
    shown = show(client, {**STUDIO, "item": [*STUDIO["item"], inside, named]})
    assert LIVE_TEXT not in shown.content.decode()
    assert "secret-123456" not in shown.content.decode()
    confirm(client, shown)
    stored = [
        *PayloadVersion.objects.values_list("text", "variables"),
        *Payload.objects.values_list("name", "notes"),
    ]
    assert len(stored) == 8
    assert LIVE_TEXT not in repr(stored)
    assert "secret-123456" not in repr(stored)
    masked = PayloadVersion.objects.get(payload__name="In its body")
    assert (masked.text, [one["name"] for one in masked.variables]) == (
        '{"a": "{{a}}", "api_key": "{{api_key}}"}', ["a", "api_key"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "item",
    [
        request("A", f'{{"{LIVE_TEXT}": 1}}', url=PROVIDER),
        request("A", '{"{{k}}": 1}', url=PROVIDER, variable=[row("k", LIVE_TEXT)]),
        request("A", f'{{"a": "{{{{{LIVE_TEXT}}}}}"}}', url=PROVIDER),
        request("A", f'{{"a": {{{{{LIVE_TEXT}}}}}}}', url=PROVIDER),
        request("A", f'{{"a": 1}} // {LIVE_TEXT}', url=PROVIDER),
        request("A", f'{{"a": ["{LIVE_TEXT[:8]}", "{LIVE_TEXT[8:]}"]}}', url=PROVIDER),
        request("A", f'{{"a": "{LIVE_TEXT[::-1]}", "b": "\\u0053{LIVE_TEXT[1:]}"}}', url=PROVIDER),
        request("A", '{"a": "{{x}}"}', url=PROVIDER, variable=[row("x", f"so {LIVE_TEXT}")]),
        request("A", '{"a": "{{x}}"}', url=PROVIDER, variable=[row("x", "{{y}}"), row("y", LIVE_TEXT)]),
        request("A", "{}", url=f"{PROVIDER}/{LIVE_TEXT}"),
        request("A", "{}", url=f"https://{LIVE_TEXT}.example.com/v1/painter"),
        request("A", "{}", url=f"{{{{{LIVE_TEXT}}}}}/v1/painter"),
        request("A", "{}", url=f"{PROVIDER}?x-api-key={LIVE_TEXT}"),
        request("A", "{}", url=PROVIDER, method=LIVE_TEXT),
        request("A", "{}", url=PROVIDER, header=[row(LIVE_TEXT, "1")]),
        request("A", "{}", url=PROVIDER, response=[{"name": LIVE_TEXT, "code": LIVE_TEXT}]),
        {"name": LIVE_TEXT, "item": [request("A", "{}", url=PROVIDER)]},
        {"name": f"Folder / {LIVE_TEXT}", "item": [{"name": LIVE_TEXT}]},
        {"name": "F", "auth": {"type": LIVE_TEXT}, "item": [request("A", "{}", url=PROVIDER)]},
    ],
)
def test_a_key_hidden_in_a_collection_comes_nowhere(client: Client, item: Any) -> None:
    shown = show(client, collection(item))
    assert LIVE_TEXT not in shown.content.decode()
    if "sealed" in shown.content.decode():
        confirm(client, shown)
    stored = [*PayloadVersion.objects.values_list("text", "variables"), *Payload.objects.values()]
    for hidden in (LIVE_TEXT, LIVE_TEXT[::-1], LIVE_TEXT[8:]):
        assert hidden not in repr(stored)


def test_what_this_team_cannot_keep_is_left_out_with_its_reason(client: Client) -> None:
    shown = show(
        client,
        collection(
            request("Unknown", "{}", url="https://api.segmind.com/v1/no-such-model"),
            request("Broken", '{"a": }', url=PROVIDER),
            request("Half", '{"a": "\\ud800"}', url=PROVIDER),
            request("Nul\x00 in\x00 name", '{"a": 1}', url=PROVIDER),
            request("Deep", '{"a":' * 60 + "1" + "}" * 60, url=PROVIDER),
            request("x" * 300, '{"a": 1}', url=PROVIDER),
        ),
    )
    found = found_of(shown)
    assert "No model is called no-such-model in this team." in found["Unknown"].reason
    assert "This is not valid JSON: expecting value. Line 1, column 7." in found["Broken"].reason
    assert "half of a pair" in found["Half"].reason
    assert any("cannot be kept (NUL)" in one.reason for one in found.values())
    assert "nested more than 50 levels deep" in found["Deep"].reason
    confirm(client, shown)
    assert [len(name) for name in Payload.objects.values_list("name", flat=True)] == [120]


def test_names_that_clash_get_a_number_or_are_left_out(client: Client, people: People, save: Save) -> None:
    save("Fox")
    hidden = people.membership("alice")
    save_payload(membership=hidden, name="Owl", endpoint="painter", version=1, text="{}")
    data = collection(*(request(name, "{}", url=PROVIDER) for name in ("fox", "Fox", "Owl")))
    shown = show(client, data)
    assert [one.renamed for one in shown.context["found"]] == ["fox (2)", "Fox (3)", ""]
    assert "Its name is taken: it becomes “fox (2)”, or is left out, as you choose above." in words_of(shown)
    confirm(client, shown, clashing="leave")
    assert names(client) == {"Fox", "Owl"}
    taken = show(client, collection(request("Fox", "{}", url=PROVIDER)))
    assert "Nothing was imported: every name is taken." in words_of(confirm(client, taken, clashing="leave"))
    confirm(client, show(client, data), clashing="number")
    assert names(client) == {"Fox", "Owl", "fox (2)", "Fox (3)", "Owl (2)"}


def names(client: Client) -> set[str]:
    return {card.payload.name for card in client.get(HERE).context["cards"]}


def test_a_second_yes_writes_nothing_more(client: Client) -> None:
    shown = show(client, STUDIO)
    confirm(client, shown)
    assert "This was imported already." in words_of(confirm(client, shown))
    assert Payload.objects.count() == 2


def test_nothing_is_written_where_one_cannot_be(client: Client, people: People, bob: Membership) -> None:
    good, bad = (Found(name, Record(name, "painter", 1, "{}")) for name in ("Good", "Bad"))
    bad.record = Record("Bad", "gone-meanwhile", 1, "{}")
    sealed = importing.seal([good, bad], membership=bob)
    data = {"sealed": sealed, "visibility": "private"}
    page = words_of(client.post(f"{HERE}import/confirm/", data, follow=True))
    assert "Bad: There is no endpoint called gone-meanwhile in this team. Nothing was imported." in page
    assert not Payload.objects.exists()


def test_what_was_shown_to_one_person_is_no_yes_of_another(client: Client, people: People) -> None:
    shown = show(client, STUDIO)
    page = words_of(confirm(people.alice.client(), shown))
    assert "Choose the file again." in page
    changed = {"sealed": shown.context["sealed"][:-4] + "AAAA", "visibility": "private"}
    assert "Choose the file again." in words_of(client.post(f"{HERE}import/confirm/", changed, follow=True))
    assert not Payload.objects.exists()


def test_a_broken_file_is_told_at_the_field(client: Client) -> None:
    answer = show(client, b"PK\x03\x04 broken", name="a.zip")
    assert answer.status_code == 422
    assert "a.zip is damaged" in str(answer.context["form"].errors["file"])
    nothing = show(client, {"id": "1", "requests": [], "name": "Never"})
    assert "Nothing can be imported" in words_of(nothing)
    assert "old format v1" in words_of(nothing)


def test_an_export_comes_back_as_it_was(client: Client, people: People, bob: Membership) -> None:
    text = '{ "prompt": "A {{animal}} é \\u00e9", "seed": 12345678901234567890, "a": 1.0, "a": 1 }\n'
    save_payload(
        membership=bob, name="Fox ü", endpoint="painter", version=2, text=text, notes="one\n\n*two*", folder="a/b",
        tags=["calm", "Zoo"], run_tag="zoo", message="First", visibility=Visibility.TEAM,
        variables=[Variable("animal", Kind.CHOICE, "fox", ("fox", "owl"), "Which")],
    )  # fmt: skip
    for kind in ("folder", "jsonl"):
        data = download(client, kind)
        Payload.objects.all().delete()
        shown = show(client, data, name="export")
        assert [one.outcome for one in shown.context["found"]] == ["taken"]
        confirm(client, shown, visibility="team")
        made = Payload.objects.get()
        version = made.versions.get()
        assert (made.name, made.notes, made.folder, made.tags, made.run_tag, made.visibility) == (
            "Fox ü", "one\n\n*two*", "a/b", ["calm", "Zoo"], "zoo", "team",
        )  # fmt: skip
        assert (version.text, version.version, version.message) == (text, 2, "First")
        assert version.variables[0]["choices"] == ["fox", "owl"]
    told = AuditEvent.objects.filter(verb="payload.exported").values_list("target", flat=True)
    assert set(told) == {"1 payload as folder", "1 payload as jsonl"}


def download(client: Client, kind: str, query: str = "", **data: Any) -> bytes:
    answer = client.post(f"{HERE}export/{query}", {"format": kind, **data})
    assert answer.status_code == 200, words_of(answer)
    assert "attachment" in answer["Content-Disposition"]
    return answer.content


def exported(data: bytes) -> list[str]:
    return [json.loads(line)["name"] for line in data.decode().splitlines()]


def test_only_what_this_person_sees_leaves(client: Client, people: People, save: Save) -> None:
    save("Mine")
    alice = people.membership("alice")
    for name, visibility in (("Hers", Visibility.PRIVATE), ("Ours", Visibility.TEAM)):
        save_payload(
            membership=alice, name=name, endpoint="painter", version=1, text="{}", visibility=visibility
        )
    hidden = Payload.objects.get(name="Hers")
    trashed = save("Gone")
    client.post(f"{HERE}{trashed.id}/trash/")
    assert exported(download(client, "jsonl")) == ["Mine", "Ours"]
    assert exported(download(client, "jsonl", "?q=mine&trash=on")) == ["Mine"]
    ours = Payload.objects.get(name="Ours")
    assert exported(download(client, "jsonl", ticked="on", only=[str(ours.id), str(hidden.id)])) == ["Ours"]
    none = client.post(f"{HERE}export/", {"format": "jsonl", "ticked": "on"})
    assert none.status_code == 422
    assert "Choose at least one payload." in words_of(none)
    assert people.audrey.client().post(f"{HERE}export/", {"format": "jsonl"}).status_code == 403


def test_a_payload_that_holds_a_key_stays_and_is_named(client: Client, bob: Membership, save: Save) -> None:
    save("Clean")
    held = save("Held", text=f'{{"a": ["{LIVE_TEXT}"]}}')
    save_version(
        membership=bob, payload=save("Was", text=f'{{"a": "{LIVE_TEXT}"}}'), base=1, version=1, text="{}"
    )
    answer = client.post(f"{HERE}export/", {"format": "jsonl"})
    page = words_of(answer)
    assert "1 payload cannot leave" in page
    assert f'href="{HERE}{held.id}/">Held</a> <p class="anywhere">$.a[0] (a Segmind key)</p>' in page
    assert "Download the other 2" in page
    assert LIVE_TEXT not in page
    data = download(client, "jsonl", rest="on")
    assert exported(data) == ["Clean", "Was"]
    assert LIVE_TEXT not in data.decode()
    alone = client.post(f"{HERE}export/?q=held", {"format": "jsonl", "rest": "on"})
    assert "Download the other" not in words_of(alone)


def test_a_file_of_the_team_stays_a_file_here_and_becomes_a_slot_elsewhere(
    client: Client, people: People, bob: Membership
) -> None:
    file = make_file(bob)
    file.holders.add(bob.user)
    marker = body.make_marker(team_id=bob.team_id, file_id=file.id, how="base64")
    save_payload(membership=bob, name="Pic", endpoint="painter", version=1, text=f'{{"image": "{marker}"}}')
    data = download(client, "folder")
    shown = show(client, data, name="all.zip")
    assert [one.outcome for one in shown.context["found"]] == ["changed"]  # its name is taken
    assert shown.context["found"][0].record.text == f'{{"image": "{marker}"}}'
    confirm(client, shown)
    assert list(Payload.objects.get(name="Pic (2)").versions.get().files.all()) == [file]
    hers = show(people.alice.client(), data, name="all.zip").context["found"][0]
    assert hers.record.text == '{"image": "{{image}}"}'
    assert hers.changes == ["A file that is not here stood in its body: line 1, now {{image}}, asked for."]
    in_postman = json.loads(download(client, "postman"))
    assert in_postman["item"][0]["request"]["body"]["raw"] == '{"image": "{{image}}"}'


def test_the_folder_of_an_export_has_a_file_for_each(client: Client, save: Save) -> None:
    save("Red fox")
    with zipfile.ZipFile(io.BytesIO(download(client, "folder"))) as archive:
        assert archive.namelist() == ["Red fox.json"]
        assert TEXT in archive.read("Red fox.json").decode()


def test_too_many_are_refused_before_anything_is_read(
    client: Client, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    save("One")
    save("Two")
    monkeypatch.setattr("playground.payloads.transfer.exporting.MOST_ITEMS", 1)
    assert "These are 2 payloads; at most 1 can be exported at once." in words_of(
        client.get(f"{HERE}export/")
    )
    assert client.post(f"{HERE}export/", {"format": "jsonl"}).status_code == 422


def test_variables_of_a_collection_reach_the_page_of_the_payload(client: Client) -> None:
    item = request("Fox", '{"seed": {{seed}}}', url=PROVIDER)
    shown = show(client, collection(item, variable=[row("seed", 7)]))
    confirm(client, shown)
    made = Payload.objects.get()
    page = words_of(client.get(f"{HERE}{made.id}/"))
    assert "{{seed}}" in page
    assert made.versions.get().variables[0]["default"] == "7"
