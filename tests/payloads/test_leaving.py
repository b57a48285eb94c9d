"""Every way out of a person's hands is tried with hidden secrets, through the pages themselves. None goes through."""

import base64
import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from accounts import teams
from accounts.models import Membership
from playground.payloads.models import OutsideLink, Payload, PayloadVersion, Visibility
from playground.payloads.saving import save_payload
from playground.payloads.variables import Kind, Variable
from tests.payloads.conftest import Save
from tests.personas import People

# Put together here, so that no scanner of repositories stumbles over this file.
TAIL = "3f9a1c7e5b2d8046"
SG = "SG_" + TAIL
OPENAI = "sk-" + "Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd3Fg6Hj0K"
GITHUB = "ghp_" + "Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd3Fg6Hj0KlMn12"
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SECRETS: dict[str, str] = {
    "plain": f"a harbour {SG} at dawn",
    "of the sandbox": "SGTEST_" + TAIL,
    "in capitals": SG.upper(),
    "OpenAI": OPENAI,
    "GitHub": GITHUB,
    "a signed token": JWT,
    "a private key": PEM,
    "AWS": "AKIA" + "Q7W2E9R4T1Y6U3I8",
    "base64": b64(SG),
    "base64 twice": b64(b64(SG)),
    "base64 in lines": "\n".join(b64("k " + SG)[at : at + 12] for at in range(0, 60, 12)),
    "hex": SG.encode().hex(),
    "percent": "".join(f"%{ord(one):02x}" for one in SG),
    "percent twice": quote(quote(SG.replace("_", "%5F"))),
    "HTML entities": "".join(f"&#{ord(one)};" for one in SG),
    "escapes": "".join(f"\\u{ord(one):04x}" for one in SG),
    "octal": "".join(f"\\{ord(one):03o}" for one in SG),
    "character codes": ", ".join(str(ord(one)) for one in SG),
    "backwards": SG[::-1],
    "gaps": " ".join(SG),
    "dashes": "-".join(SG),
    "zero width": "\u200b".join(SG),
    "soft hyphens": "\u00ad".join(GITHUB),
    "full width": "".join(chr(ord(one) + 0xFEE0) for one in SG),
    "Cyrillic letters": SG.replace("a", "\u0430").replace("c", "\u0441"),
    "accents": "\u0301".join(SG),
    "JSON in JSON": json.dumps(json.dumps({"deep": [{"k": SG}]})),
    "a header": "x-api-key: 9f8e7d6c5b4a",
    "a bearer": "Bearer abcdef1234567890abcd",
    "a name and password": "https://maria:s3cret@example.com/a.png",
    "a signed address": "https://b.example.com/a.png?X-Amz-Signature=" + TAIL * 4,
}
INNOCENT: dict[str, str] = {
    "a prompt": "A harbour at dawn, 35mm, f/1.8, --ar 16:9 --seed 42",
    "secrets of a story": "The secret: a hidden door behind the books. The key is under the mat",
    "a bearer of news": "the bearer of bad news; Basic instincts; a task-force on a desk-lamp",
    "a hash": "sha256 " + "0123456789abcdef" * 4,
    "an address": "https://example.com/a/b/c.png?width=1024&fit=crop",
    "placeholders": 'curl -H "x-api-key: $SEGMIND_API_KEY" -H "Authorization: Bearer {{token}}"',
    "another script": "Гавань на рассвете, 港の夜明け, naïve café",
}
HARMLESS_TEXTS = [
    {"authorization": "Bearer {{key}}"},
    {"secret": "a hidden door behind the books"},
    {"cookie": "with chocolate chips"},
]


class Ways:
    """Bob at the pages, in a team where links are allowed, with a payload of his own for each try."""

    def __init__(self, people: People) -> None:
        teams.allow_outside_links(membership=people.membership("alice"), allowed=True)
        self.people, self.client = people, people.bob.client()
        self.bob = Membership.objects.select_related("team", "user").get(user=people.bob.user)

    def payload(self, *, shared: bool = False, **more: Any) -> Payload:
        visibility = Visibility.TEAM if shared else Visibility.PRIVATE
        values = {"name": "Fox", "endpoint": "painter", "version": 1, "text": '{"prompt": "A fox"}', **more}
        return save_payload(membership=self.bob, visibility=visibility, **values)

    def page(self, payload: Payload, end: str) -> str:
        return f"/t/studio/sandbox/payloads/{payload.id}/{end}"

    def post(self, payload: Payload, end: str, data: dict[str, Any]) -> str:
        """What the page says; a page that only shows is taken at its word."""
        answer = self.client.post(self.page(payload, end), data)
        if answer.context and "sheet" in answer.context:
            answer = self.client.post(
                self.page(payload, end), {**data, "seen": answer.context["sheet"].digest}
            )
        return answer.content.decode() if answer.status_code != 302 else ""

    def with_team(self, payload: Payload) -> str:
        return self.post(payload, "share/", {"visibility": "team"})

    def with_adam(self, payload: Payload) -> str:
        return self.post(payload, "share/", {"visibility": "named", "readers": str(self.people.adam.user.id)})

    def with_outside(self, payload: Payload) -> str:
        return self.post(payload, "links/new/", {"days": "1"})

    def everything_shown(self) -> str:
        """All that anybody but Bob could read now."""
        adam = self.people.membership("adam")
        shown = Payload.objects.visible_to(adam)
        words = [repr((one.name, one.notes, one.tags, one.folder, one.run_tag)) for one in shown]
        versions = PayloadVersion.objects.visible_to(adam)
        words += [repr((one.text, one.variables, one.message)) for one in versions]
        links = OutsideLink.objects.values_list("name", "notes", "text", "variables", "label")
        return " ".join([*words, *map(repr, links)])


@pytest.fixture
def ways(people: People) -> Ways:
    return Ways(people)


def named(secrets: dict[str, str]) -> dict[str, str]:
    """Each under a short name that the message has to tell: k00, k01 and so on."""
    return {f"k{number:02}": secret for number, secret in enumerate(secrets.values())}


def body_of(secrets: dict[str, str]) -> str:
    return json.dumps({"seed": 1, **{name: [{"x": secret}] for name, secret in named(secrets).items()}})


def variables_of(secrets: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "text": json.dumps({name: f"{{{{{name}}}}}" for name in named(secrets)}),
        "variables": [
            Variable(name, **{field: make(secret) for field, make in more.items()})
            for name, secret in named(secrets).items()
        ],
    }


Way = Callable[[Ways, dict[str, str]], str]


def _share_text(ways: Ways, secrets: dict[str, str]) -> str:
    return ways.with_team(ways.payload(text=body_of(secrets)))


def _name_somebody(ways: Ways, secrets: dict[str, str]) -> str:
    return ways.with_adam(ways.payload(text=body_of(secrets)))


def _share_old_version(ways: Ways, secrets: dict[str, str]) -> str:
    payload = ways.payload(text=body_of(secrets))
    ways.post(payload, "save/", {"body": "{}", "version": "1", "base": "1"})
    return ways.with_team(payload)


def _save_into_shared(ways: Ways, secrets: dict[str, str]) -> str:
    form = {"body": body_of(secrets), "version": "1", "base": "1"}
    return ways.post(ways.payload(shared=True), "save/", form)


def _link_text(ways: Ways, secrets: dict[str, str]) -> str:
    return ways.with_outside(ways.payload(text=body_of(secrets)))


def _change_link(ways: Ways, secrets: dict[str, str]) -> str:
    payload = ways.payload()
    ways.with_outside(payload)
    link = OutsideLink.objects.get(payload=payload)
    ways.post(payload, "save/", {"body": body_of(secrets), "version": "1", "base": "1"})
    return ways.post(payload, f"links/{link.id}/", {"days": "keep", "version": "2"})


def _link_defaults(ways: Ways, secrets: dict[str, str]) -> str:
    return ways.with_outside(ways.payload(**variables_of(secrets, default=str)))


def _share_choices(ways: Ways, secrets: dict[str, str]) -> str:
    variables = variables_of(secrets, kind=lambda _: Kind.CHOICE, choices=lambda secret: ("one", secret))
    return ways.with_team(ways.payload(**variables))


def _declare_in_shared(ways: Ways, secrets: dict[str, str]) -> str:
    form = {"form-TOTAL_FORMS": str(len(secrets)), "form-INITIAL_FORMS": "0", "base": "1"}
    for number, (name, secret) in enumerate(named(secrets).items()):
        form |= {
            f"form-{number}-name": name,
            f"form-{number}-type": "long text",
            f"form-{number}-default": secret,
        }
    return ways.post(ways.payload(shared=True), "variables/", form)


TEXT_WAYS = [_share_text, _name_somebody, _share_old_version, _save_into_shared, _link_text, _change_link]
VARIABLE_WAYS = [_link_defaults, _share_choices, _declare_in_shared]


def names_of(way: Way) -> Any:
    return way.__name__.strip("_")


@pytest.mark.parametrize("way", TEXT_WAYS + VARIABLE_WAYS, ids=names_of)
def test_no_hidden_secret_goes_through(ways: Ways, way: Way) -> None:
    assert len(SECRETS) >= 25
    said = html.unescape(way(ways, SECRETS))
    for number, name in enumerate(SECRETS):
        place = f"$.k{number:02}" if way in TEXT_WAYS else f"variables $[{number}]."
        assert place in said, name
    assert TAIL not in said.split("looks like a key")[1].split(".</p>")[0], (
        "it names the place, not the secret"
    )
    shown = ways.everything_shown()
    assert [name for name, one in SECRETS.items() if one in shown or json.dumps(one)[1:-1] in shown] == []


@pytest.mark.parametrize("way", TEXT_WAYS + VARIABLE_WAYS, ids=names_of)
def test_innocent_words_pass(ways: Ways, way: Way) -> None:
    said = way(ways, INNOCENT)
    assert "looks like a key" not in said
    assert "carries" not in said


@pytest.mark.parametrize("name", SECRETS)
def test_no_hidden_secret_goes_through_notes(ways: Ways, name: str) -> None:
    notes = f"# Notes\n\n{SECRETS[name]}"
    payload = ways.payload(notes=notes)
    assert "looks like a key: notes" in ways.with_outside(payload)
    assert "looks like a key: notes" in ways.with_team(payload)
    assert "looks like a key: notes" in ways.post(
        ways.payload(shared=True), "change/", {"name": "Fox", "notes": notes}
    )
    assert SECRETS[name] not in ways.everything_shown()


def test_innocent_notes_pass(ways: Ways) -> None:
    payload = ways.payload(notes="\n\n".join(INNOCENT.values()))
    assert "Shown this once" in ways.with_outside(payload)
    assert ways.with_team(payload) == ""


def test_a_key_inside_data_stays_behind_with_it(ways: Ways) -> None:
    uri = "data:text/plain;base64," + b64(SG)
    payload = ways.payload(text=json.dumps({"x": uri}))
    ways.with_outside(payload)
    assert ways.with_team(payload) == ""
    assert uri not in ways.everything_shown()
    assert OutsideLink.objects.get().text == '{"x": "{{x}}"}'
    again = {"body": json.dumps({"x": uri}), "version": "1", "base": "2"}
    assert "carries x (data, 38 B)" in ways.post(payload, "save/", again)


@pytest.mark.parametrize("text", HARMLESS_TEXTS, ids=str)
def test_texts_that_only_sound_secret_pass(ways: Ways, text: dict[str, str]) -> None:
    payload = ways.payload(text=json.dumps(text))
    ways.with_outside(payload)
    ways.with_team(payload)
    payload.refresh_from_db()
    assert payload.visibility == Visibility.TEAM
    assert OutsideLink.objects.get().text == json.dumps(text)


CUT = {
    "over two defaults": (
        '{"p": "SG_{{a}}{{b}}"}',
        [Variable("a", default=TAIL[:8]), Variable("b", default=TAIL[8:])],
    ),
    "text and default": ('{"p": "SG_3f9a1c7e{{a}}"}', [Variable("a", default=TAIL[8:])]),
    "text and choice": ('{"p": "SG_{{a}}"}', [Variable("a", Kind.CHOICE, choices=("x", "y", TAIL))]),
    "around what is asked for": ('{"p": "SG_3f9a1c7e{{a}}5b2d8046"}', [Variable("a")]),
    "a default in a default": (
        '{"p": "{{b}}"}',
        [Variable("a", default=TAIL), Variable("b", default="SG_{{a}}")],
    ),
    "a password as a default": ('{"password": "{{a}}"}', [Variable("a", default="hunter2x")]),
    "named like a secret": ('{"p": "{{api_key}}"}', [Variable("api_key", default="whatever9")]),
    "in a description": ('{"p": "{{a}}"}', [Variable("a", description=f"use {SG}")]),
}


@pytest.mark.parametrize("name", CUT)
def test_no_secret_hides_in_variables(ways: Ways, name: str) -> None:
    text, variables = CUT[name]
    payload = ways.payload(text=text, variables=variables)
    assert "looks like a" in ways.with_outside(payload)
    assert "looks like a" in ways.with_team(payload)
    payload.refresh_from_db()
    assert payload.visibility == Visibility.PRIVATE
    assert not OutsideLink.objects.exists()


@pytest.mark.parametrize("field", ["name", "folder", "tags", "run_tag"])
def test_no_secret_hides_in_what_is_said_beside(ways: Ways, field: str) -> None:
    said: dict[str, Any] = {"name": "Fox", field: [SG] if field == "tags" else SG}
    payload = ways.payload(**said)
    assert "looks like a" in ways.with_team(payload)
    shared = ways.payload(shared=True)
    assert "looks like a" in ways.post(shared, "change/", {"name": "Fox", field: SG})
    if field == "name":
        assert "looks like a" in ways.with_outside(payload)


def test_a_message_of_a_version_is_looked_through(ways: Ways) -> None:
    shared = ways.payload(shared=True)
    form = {"body": '{"prompt": "new"}', "version": "1", "base": "1", "message": f"now with {SG}"}
    assert "looks like a" in ways.post(shared, "save/", form)


def test_a_link_is_made_once_it_was_confirmed_and_opened_by_anybody(ways: Ways, save: Save) -> None:
    payload = save()
    assert "Shown this once" in ways.with_outside(payload)
    link = OutsideLink.objects.get()
    assert link.expires_at > timezone.now()
    assert Client().get("/s/nothing/").status_code == 404
