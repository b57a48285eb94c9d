"""The pages of payloads, and Run with a saved payload in the playground."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, Membership
from playground.payloads.models import Payload, PayloadVersion, Visibility
from playground.payloads.saving import save_payload, save_version
from playground.payloads.variables import Kind, Variable
from playground.runs.models import Billing, Run, State
from playground.workbench.models import Draft
from tests.payloads.conftest import TEXT, Save
from tests.personas import People, make_key
from tests.runs.factories import add_output, make_file, make_run

HERE = "/t/studio/sandbox/payloads/"
DESK = "/t/studio/sandbox/playground/painter/"


@pytest.fixture
def client(people: People) -> Client:
    return people.bob.client()


@pytest.fixture
def key(bob: Membership) -> ApiKey:
    return make_key(bob)


def with_variables(bob: Membership) -> PayloadVersion:
    payload = save_payload(
        membership=bob,
        name="Animals",
        endpoint="painter",
        version=1,
        text='{"prompt": "A {{animal}}, {{plain}}", "seed": "{{seed}}"}',
        variables=[Variable("animal", default="fox"), Variable("seed", Kind.INTEGER)],
        run_tag="zoo",
    )
    return payload.versions.get()


def run_form(key: ApiKey, version: PayloadVersion, **changes: Any) -> dict[str, Any]:
    return {
        "body": version.text,
        "version": "1",
        "token": str(uuid.uuid4()),
        "key": str(key.id),
        "payload": str(version.id),
        **changes,
    }


def test_without_a_chosen_cover_the_newest_picture_stands_for_it(
    people: People, bob: Membership, save: Save
) -> None:
    payload = save(visibility=Visibility.TEAM)
    version = payload.versions.get()
    add_output(make_run(bob, payload_version=version, ago=timedelta(hours=1)), make_file(bob, b"older"))
    newer = make_file(bob, b"newer")
    add_output(make_run(bob, payload_version=version), newer)
    add_output(make_run(bob), make_file(bob, b"another text"))
    for person in (people.bob, people.adam):
        (card,) = person.client().get(HERE).context["cards"]
        assert card.cover == newer
    people.team.own_runs_only = True
    people.team.save()
    Run.objects.update(person=people.alice.user)
    (card,) = people.bob.client().get(HERE).context["cards"]
    assert card.cover is None


def test_the_list_is_searched_and_filtered(client: Client, bob: Membership, save: Save) -> None:
    save("Red fox")
    save_payload(
        membership=bob, name="Owl", endpoint="painter", version=1, text='{"p": "dusk"}', folder="birds/night",
        tags=["calm"],
    )  # fmt: skip

    def names(query: str) -> set[str]:
        found = client.get(f"{HERE}?{query}").context["cards"]
        return {card.payload.name for card in found}

    assert names("") == {"Red fox", "Owl"}
    assert names("q=DUSK") == names("folder=birds") == names("tag=calm") == {"Owl"}
    assert names("q=red+painter") == {"Red fox"}
    assert names("q=%25") == names("favourite=on") == set()
    client.post(f"{HERE}{Payload.objects.get(name='Owl').id}/favourite/")
    assert names("favourite=on") == {"Owl"}


def test_saved_from_a_run_with_its_text_and_tag(client: Client, bob: Membership) -> None:
    run = make_run(bob, endpoint="painter", request_text=TEXT, tag="zoo")
    form = client.get(f"{HERE}new/?run={run.id}").context["form"]
    assert form["body"].value() == TEXT
    data = {name: form[name].value() or "" for name in form.fields} | {
        "name": "Fox",
        "notes": "<b>x</b> **y**",
    }
    assert client.post(f"{HERE}new/", data).status_code == 302
    payload = Payload.objects.get()
    assert (payload.run_tag, payload.versions.get().text) == ("zoo", TEXT)
    page = client.get(f"{HERE}{payload.id}/").content.decode()
    assert "<strong>y</strong>" in page
    assert "<b>x</b>" not in page
    assert client.get(f"/t/studio/sandbox/history/{run.id}/").status_code == 200


def test_an_endpoint_that_no_name_can_be_is_not_found(client: Client) -> None:
    assert client.get(f"{HERE}new/?endpoint=%00").status_code == 404


def test_what_cannot_be_saved_is_said_at_its_place_and_kept(client: Client, people: People) -> None:
    data = {"name": "Fox", "endpoint": "painter", "version": "1", "body": '{"a": }'}
    page = client.post(f"{HERE}new/", data)
    assert page.status_code == 422
    assert "not valid JSON" in str(page.context["form"].errors["body"])
    assert page.context["form"]["body"].value() == '{"a": }'


def test_a_save_over_a_newer_version_shows_both(people: People, client: Client, save: Save) -> None:
    payload = save(visibility=Visibility.TEAM)
    alice = people.membership("alice")
    save_version(membership=alice, payload=payload, base=1, version=1, text='{"hers": 1}')
    data = {"body": '{"mine": 1}', "version": "1", "base": "1", "message": ""}
    page = client.post(f"{HERE}{payload.id}/save/", data)
    assert page.status_code == 409
    assert page["X-Newest-Version"] == "2"
    assert "Alice has saved version 2 since you opened this." in page.content.decode()
    assert page.context["form"]["body"].value() == '{"mine": 1}'
    assert client.post(f"{HERE}{payload.id}/save/", {**data, "base": "2"}).status_code == 302
    assert [row.text for row in payload.versions.order_by("number")] == [TEXT, '{"hers": 1}', '{"mine": 1}']


def test_declaring_variables_makes_a_version(client: Client, save: Save) -> None:
    payload = save(text='{"p": "{{a}} {{b}}"}')
    page = client.get(f"{HERE}{payload.id}/variables/?take=on")
    assert [row["name"].value() for row in page.context["rows"]][:2] == ["a", "b"]
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "base": "1"}
    row = {"form-0-name": "a", "form-0-type": "text", "form-1-name": "", "form-1-type": "text"}
    circle = client.post(f"{HERE}{payload.id}/variables/", {**data, **row, "form-0-default": "{{a}}"})
    assert circle.status_code == 422
    assert "in a circle: a → a" in circle.content.decode()
    assert client.post(f"{HERE}{payload.id}/variables/", {**data, **row}).status_code == 302
    newest = payload.versions.get(number=2)
    assert (newest.text, [row["name"] for row in newest.variables]) == ('{"p": "{{a}} {{b}}"}', ["a"])


@pytest.mark.parametrize("total", ["", "999999"])
def test_rows_of_variables_that_cannot_be_counted_are_told(client: Client, save: Save, total: str) -> None:
    payload = save()
    data = {"form-TOTAL_FORMS": total, "form-INITIAL_FORMS": "0", "base": "1"}
    answer = client.post(f"{HERE}{payload.id}/variables/", data)
    assert answer.status_code == 422
    assert "Not saved" in answer.content.decode()
    assert payload.versions.count() == 1


def test_a_default_of_another_type_does_not_close_the_page(client: Client, bob: Membership) -> None:
    declared = [
        Variable("n", Kind.INTEGER, "{{w}}"),
        Variable("w", default="abc"),
        Variable("m", default="{{n}}!"),
    ]
    payload = save_payload(
        membership=bob, name="Odd", endpoint="painter", version=1,
        text='{"a": "{{n}}", "b": "{{w}}", "c": "{{m}}"}', variables=declared,
    )  # fmt: skip
    page = client.get(f"{HERE}{payload.id}/")
    assert page.status_code == 200
    assert page.context["code_text"] == '{"a": "{{n}}", "b": "abc", "c": "{{m}}"}'


def test_run_fills_the_variables_and_names_the_version(client: Client, bob: Membership, key: ApiKey) -> None:
    version = with_variables(bob)
    data = run_form(
        key, version, **{"variable-animal": 'a "red" fox', "variable-seed": "12345678901234567890"}
    )
    assert client.post(f"{DESK}run/", data).status_code == 302
    run = Run.objects.select_related("text").get()
    assert run.text.request_text == '{"prompt": "A a \\"red\\" fox, {{plain}}", "seed": 12345678901234567890}'
    assert (run.payload_version_id, run.tag) == (version.id, "zoo")
    page = client.get(f"/t/studio/sandbox/history/{run.id}/").content.decode()
    assert "Animals, version 1" in page


def test_a_missing_value_is_asked_for_and_nothing_is_sent(
    client: Client, bob: Membership, key: ApiKey
) -> None:
    version = with_variables(bob)
    page = client.post(
        f"{DESK}run/", run_form(key, version, **{"variable-animal": "owl", "variable-seed": ""})
    )
    assert page.status_code == 422
    text = page.content.decode()
    assert "Give a value for seed." in text
    assert not Run.objects.exists()
    # Without a script the answer is a page of its own: it goes on with the same payload and what was typed.
    assert f'name="payload" value="{version.id}"' in text
    assert re.search(r'<textarea id="variable-animal"[^>]*>owl</textarea>', text)
    assert re.search(r'<textarea id="variable-seed"[^>]*aria-invalid="true" autofocus></textarea>', text)


def test_a_changed_text_keeps_the_tag_and_not_the_version(
    client: Client, bob: Membership, key: ApiKey
) -> None:
    version = with_variables(bob)
    client.post(
        f"{DESK}run/", run_form(key, version, body='{"p": "{{animal}}"}', **{"variable-animal": "owl"})
    )
    run = Run.objects.select_related("text").get()
    assert (run.text.request_text, run.payload_version_id, run.tag) == ('{"p": "owl"}', None, "zoo")


def test_its_page_says_with_which_values_a_run_was_sent(client: Client, bob: Membership) -> None:
    version = with_variables(bob)
    sent = '{"prompt": "A <owl>, {{plain}}", "seed": 7}'
    make_run(bob, endpoint="painter", payload_version=version, request_text=sent)
    page = client.get(f"{HERE}{version.payload_id}/").text
    assert 'title="animal: &lt;owl&gt;, seed: 7"' in page


def test_an_opened_payload_comes_with_what_it_last_made(client: Client, bob: Membership, save: Save) -> None:
    version = save().versions.get()
    assert client.get(f"{DESK}?payload={version.id}").context["desk"].shown is None
    made = make_run(bob, endpoint="painter", payload_version=version, ago=timedelta(hours=1))
    make_run(bob, endpoint="painter", state=State.REFUSED, billing=Billing.NOT_BILLED, cost=None, status=422)
    assert client.get(f"{DESK}?payload={version.id}").context["desk"].shown == made


def test_nobody_runs_or_opens_a_payload_they_do_not_see(people: People, bob: Membership) -> None:
    version = with_variables(bob)
    alice = people.membership("alice")
    key, client = make_key(alice), people.alice.client()
    assert client.get(f"{DESK}?payload={version.id}").status_code == 404
    answer = client.post(f"{DESK}run/", run_form(key, version, **{"variable-seed": "1"}))
    assert answer.status_code == 422
    draft = {"body": "{}", "version": "1", "base": "0", "payload": str(version.id)}
    client.post(f"{DESK}draft/", draft)
    assert Draft.objects.get().payload_version is None
    assert not Run.objects.exists()


def test_a_draft_remembers_the_payload_it_began_from(client: Client, bob: Membership) -> None:
    version = with_variables(bob)
    draft = {"body": '{"p": "{{animal}}"}', "version": "1", "base": "0", "payload": str(version.id)}
    client.post(f"{DESK}draft/", draft)
    desk = client.get(DESK).context["desk"]
    assert (desk.payload, desk.text, [one.name for one in desk.variables]) == (
        version, '{"p": "{{animal}}"}', ["animal", "seed"],
    )  # fmt: skip


def test_its_page_says_what_others_made_of_it(people: People, bob: Membership, save: Save) -> None:
    payload = save(visibility=Visibility.TEAM)
    version = payload.versions.get()
    alice, adam = people.membership("alice"), people.membership("adam")
    runs = [
        make_run(who, endpoint="painter", payload_version=version, cost=cost)
        for who, cost in ((bob, "9"), (alice, "0.02"), (alice, "0.04"), (adam, "0.06"))
    ]
    outputs = [add_output(run, make_file(bob, str(run.id).encode())) for run in runs]
    Payload.objects.update(cover=outputs[1])
    usage = people.bob.client().get(f"{HERE}{payload.id}/").context["usage"]
    assert (usage.runs, usage.people, usage.cost) == (3, 2, Decimal("0.04"))
    assert usage.best[0] == outputs[1], "what people went on with comes first"
    people.team.own_runs_only = True
    people.team.save(update_fields=["own_runs_only"])
    usage = people.bob.client().get(f"{HERE}{payload.id}/").context["usage"]
    assert usage.hidden
    assert usage.best == [outputs[0]], "results of others' private runs are theirs"
    admins = people.adam.client().get(f"{HERE}{payload.id}/").context["usage"]
    assert (admins.runs, admins.best) == (3, [outputs[3]])
