"""Every address of the project, asked as everybody. A new URL without a row in the table fails the first test."""

import functools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import candidates, invitations, teams
from playground.ledger import budgets, requests
from playground.ledger.models import Budget
from playground.payloads import outside
from playground.payloads.models import Payload, Visibility
from playground.payloads.saving import save_payload
from playground.runs.submit import submit
from playground.workbench import grid, sweeps
from playground.workbench.models import Sweep
from tests.personas import SANDBOX_TEXT, People, Persona, expect, make_key, make_people

SLUG = "seedream-4.5"
MODE = "sandbox"

Statuses = dict[str, int]


class World:
    """What the addresses name: all of it Bob's, in the team of the personas, and made when first asked for."""

    def __init__(self) -> None:
        self.people: People = make_people()
        self.bob = self.people.membership("bob")
        self.key = make_key(self.bob, lent=True)
        # Whether the address names a link, which belongs to one payload.
        self.of_link = False

    def value(self, name: str) -> object:
        """The value of one part of an address. A part that nobody makes gets an id that belongs to nothing."""
        made = getattr(self, f"_{name}", None)
        return made() if made else uuid.UUID(int=7)

    def _team(self) -> str:
        return self.people.team.slug

    def _mode(self) -> str:
        return MODE

    def _slug(self) -> str:
        return SLUG

    def _form(self) -> str:
        return "csv"

    def _key(self) -> uuid.UUID:
        return self.key.id

    def _day(self) -> str:
        return "2026-11-22"

    def _key_id(self) -> uuid.UUID:
        return self.key.id

    def _membership_id(self) -> uuid.UUID:
        return self.bob.id

    def _member(self) -> uuid.UUID:
        return self.bob.id

    def _candidate_id(self) -> uuid.UUID:
        return candidates.hold(membership=self.bob, label="Waiting", text=SANDBOX_TEXT).id

    def _invite(self) -> invitations.Sent:
        alice = self.people.membership("alice")
        return invitations.invite(membership=alice, email="new@example.com", role="member")

    def _invitation_id(self) -> uuid.UUID:
        return self._invite().invitation.id

    def _token(self) -> str:
        return self._invite().link.rstrip("/").rpartition("/")[2]

    def _budget(self) -> uuid.UUID:
        terms = budgets.Terms(name="Team", limit_usd=Decimal(10))
        return budgets.make(membership=self.people.membership("alice"), mode=MODE, terms=terms).id

    def _asked(self) -> uuid.UUID:
        budget = Budget.objects.get(id=self._budget())
        made = requests.ask(membership=self.bob, budget=budget, usd=Decimal(1), runs=0, reason="The trailer")
        return made.id

    def _payload(self) -> uuid.UUID:
        return self.made.link.payload_id if self.of_link else self._saved().id

    def _version(self) -> uuid.UUID:
        return self._saved().versions.get().id

    def _number(self) -> int:
        return 1

    def _saved(self) -> Payload:
        return save_payload(
            membership=self.bob,
            name="Harbour",
            endpoint=SLUG,
            version=1,
            text='{"prompt": "a harbour"}',
            visibility=Visibility.TEAM,
        )

    @functools.cached_property
    def made(self) -> outside.Made:
        """A link of Bob's for people outside, in a team where an owner has allowed them."""
        teams.allow_outside_links(membership=self.people.membership("alice"), allowed=True)
        self.bob.team.refresh_from_db()
        terms = outside.Terms(expires_at=timezone.now() + timedelta(days=1))
        return outside.make(membership=self.bob, mode=MODE, payload=self._saved(), terms=terms)

    def _link(self) -> uuid.UUID:
        return self.made.link.id

    def _link_token(self) -> str:
        return self.made.address.rstrip("/").rpartition("/")[2]

    def _position(self) -> int:
        return 1

    def _sweep(self) -> uuid.UUID:
        return self.sweep.id

    def _cell(self) -> uuid.UUID:
        return self.sweep.cells.get().id

    @functools.cached_property
    def sweep(self) -> Sweep:
        text = '{"prompt": "a harbour", "seed": 1}'
        return sweeps.make(
            membership=self.bob,
            endpoint=SLUG,
            version=1,
            key=self.key,
            text=text,
            fields=grid.read(text, [("seed", "7")]),
            cap_usd=None,
            cap_runs=1,
            per_minute=10,
            token=uuid.uuid4(),
        )

    def _run(self) -> uuid.UUID:
        run = submit(
            membership=self.bob,
            endpoint=SLUG,
            version=1,
            key=self.key,
            body_text='{"prompt": "a harbour"}',
            token=uuid.uuid4(),
        )
        return run.id


@dataclass(frozen=True)
class Row:
    """How one address is asked and what each persona gets."""

    expected: Statuses
    method: str = "get"
    data: dict[str, str] = field(default_factory=dict)
    proved: bool = False


EVERYBODY = dict.fromkeys(("alice", "adam", "bob", "audrey", "charlie", "nobody"), 200)
SIGNED_IN = EVERYBODY | {"nobody": 302}
TEAM = expect(alice=200, adam=200, bob=200, audrey=200)
RUNNERS = expect(alice=200, adam=200, bob=200, audrey=403)
ADMINS = expect(alice=200, adam=200, bob=403, audrey=403)


def post(expected: Statuses, *, proved: bool = False, **data: str) -> Row:
    return Row(expected, method="post", data=data, proved=proved)


ROWS: dict[str, Row] = {
    "health": Row(EVERYBODY),
    # -- accounts
    "accounts:home": Row(dict.fromkeys(EVERYBODY, 302)),
    "accounts:profile": Row(SIGNED_IN),
    "accounts:team_create": Row(ADMINS | {"charlie": 200}),
    "accounts:invitation_accept": Row(EVERYBODY),
    "accounts:key_list": Row(TEAM),
    "accounts:key_add": Row(RUNNERS),
    "accounts:key_make_sandbox": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    # Others are told that the waiting key is gone and are led to their list.
    "accounts:key_test": Row(expect(alice=302, adam=302, bob=200, audrey=403)),
    "accounts:key_save": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "accounts:key_replace": Row(expect(alice=403, adam=403, bob=200, audrey=403), proved=True),
    "accounts:key_revoke": Row(expect(alice=200, adam=200, bob=200, audrey=403), proved=True),
    "accounts:key_delete": Row(expect(alice=403, adam=403, bob=200, audrey=403), proved=True),
    "accounts:key_default": post(expect(alice=403, adam=403, bob=302, audrey=403)),
    "accounts:key_lend": post(expect(alice=403, adam=403, bob=302, audrey=403), lent="on"),
    "accounts:key_balance": Row(TEAM),
    "accounts:member_list": Row(TEAM),
    "accounts:member_role": post(expect(alice=302, adam=302, bob=403, audrey=403), role="member"),
    "accounts:invitation_create": Row(ADMINS),
    "accounts:invitation_resend": post(ADMINS),
    "accounts:invitation_revoke": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    "accounts:team_settings": Row(ADMINS),
    "accounts:team_outside_links": post(expect(alice=302, adam=403, bob=403, audrey=403), allowed="yes"),
    "accounts:vault_status": Row(ADMINS),
    "accounts:audit_list": Row(expect(alice=200, adam=200, bob=403, audrey=200)),
    # -- catalogue
    "catalogue:endpoint_list": Row(RUNNERS),
    "catalogue:endpoint_search": Row(RUNNERS),
    "catalogue:favourite_toggle": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "catalogue:code_view": post(RUNNERS),
    "catalogue:own_endpoint_list": Row(ADMINS),
    "catalogue:own_endpoint_add": Row(ADMINS),
    # The slug belongs to the shipped catalogue, so there is nothing of the team's own to change.
    "catalogue:own_endpoint_change": Row(expect(alice=404, adam=404, bob=403, audrey=403)),
    "catalogue:own_endpoint_delete": post(expect(alice=404, adam=404, bob=403, audrey=403)),
    "catalogue:hidden_endpoint_list": Row(ADMINS),
    "catalogue:endpoint_hide": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    "catalogue:endpoint_show": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    # -- ledger
    "ledger:entry_list": Row(expect(alice=200, adam=200, bob=403, audrey=200)),
    "ledger:chain_verify": post(expect(alice=302, adam=302, bob=403, audrey=302)),
    "ledger:spend": Row(TEAM),
    "ledger:spend_crossed": Row(TEAM, data={"cross": "person-model"}),
    "ledger:spend_model": Row(TEAM),
    "ledger:spend_export": Row(TEAM),
    # Without a month they are led back to the page.
    "ledger:period_close": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    "ledger:mail_choices": Row(TEAM),
    # -- runs
    "runs:history_list": Row(TEAM),
    "runs:history_chart": Row(TEAM),
    "runs:export": Row(TEAM),
    "runs:run_detail": Row(TEAM),
    "runs:run_result": Row(TEAM),
    "runs:run_row": Row(TEAM),
    "runs:run_cancel": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "runs:run_again": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    # An empty form is told so; the run is not unknown either.
    "runs:run_replay": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "runs:run_settle": post(expect(alice=422, adam=422, bob=403, audrey=403)),
    "runs:run_erase": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "runs:output_copy": post(expect(alice=404, adam=404, bob=404, audrey=403)),
    "runs:stream": Row(TEAM, data={"follow": "1"}),
    "runs:file": Row(expect(alice=404, adam=404, bob=404, audrey=403)),
    # -- ledger
    "ledger:budget_list": Row(TEAM),
    "ledger:budget_create": Row(ADMINS),
    "ledger:budget_change": Row(ADMINS),
    "ledger:budget_end": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    "ledger:request_make": Row(RUNNERS),
    "ledger:request_approve": post(expect(alice=422, adam=422, bob=403, audrey=403)),
    "ledger:request_decline": post(expect(alice=422, adam=422, bob=403, audrey=403)),
    "ledger:request_end": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    "ledger:alert_list": Row(TEAM),
    "ledger:alert_read": post(expect(alice=302, adam=302, bob=302, audrey=302)),
    "ledger:webhook_set": Row(ADMINS),
    "ledger:webhook_try": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    "ledger:webhook_remove": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    "runs:doubts_list": Row(expect(alice=200, adam=200, bob=403, audrey=200)),
    # -- ledger
    "ledger:reconcile": Row(expect(alice=200, adam=200, bob=403, audrey=200)),
    "ledger:reconcile_check": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    "ledger:reconcile_account": Row(expect(alice=200, adam=200, bob=403, audrey=200)),
    "ledger:reconcile_day": Row(expect(alice=200, adam=200, bob=403, audrey=200)),
    # No keys moved together here.
    "ledger:reconcile_pair": post(expect(alice=404, adam=404, bob=403, audrey=403)),
    # -- payloads: one of Bob's that the team sees
    "payloads:payload_list": Row(RUNNERS),
    "payloads:payload_create": Row(RUNNERS, data={"endpoint": SLUG}),
    "payloads:payload_import": Row(RUNNERS),
    # A yes to nothing leads back to the form.
    "payloads:payload_import_confirm": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:payload_export": Row(RUNNERS),
    "payloads:version_show": Row(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:payload_detail": Row(RUNNERS),
    "payloads:payload_change": Row(RUNNERS),
    "payloads:payload_share": Row(expect(alice=200, adam=200, bob=200, audrey=403)),
    # Only who manages the payload makes a link, and only its maker changes it.
    "payloads:link_create": Row(expect(alice=200, adam=200, bob=200, audrey=403)),
    "payloads:link_change": Row(expect(alice=403, adam=403, bob=200, audrey=403)),
    "payloads:outside_list": Row(expect(alice=200, adam=200, bob=403, audrey=403)),
    "payloads:link_revoke": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:outside_show": Row(EVERYBODY),
    # The link shows no results.
    "payloads:outside_file": Row(dict.fromkeys(EVERYBODY, 404)),
    "payloads:payload_favourite": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:payload_cover": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:payload_trash": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:payload_restore": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:payload_purge": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    # An empty form is told so.
    "payloads:version_save": post(expect(alice=422, adam=422, bob=422, audrey=403)),
    "payloads:version_restore": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:payload_fork": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    # It is no fork, so there is nothing to take over.
    "payloads:payload_pull": Row(expect(alice=302, adam=302, bob=302, audrey=403)),
    "payloads:payload_variables": Row(RUNNERS),
    "payloads:payload_rows": Row(RUNNERS),
    # -- workbench
    "workbench:playground": Row(expect(alice=302, adam=302, bob=302, audrey=403)),
    "workbench:playground_endpoint": Row(RUNNERS),
    "workbench:run_start": post(expect(alice=422, adam=422, bob=422, audrey=403)),
    "workbench:draft_save": post(expect(alice=422, adam=422, bob=422, audrey=403)),
    "workbench:recent_runs": Row(RUNNERS),
    "workbench:pasted": Row(RUNNERS),
    "workbench:pasted_use": Row(expect(alice=302, adam=302, bob=302, audrey=403)),
    "workbench:file_upload": post(expect(alice=422, adam=422, bob=422, audrey=403)),
    "workbench:file_how": post(expect(alice=404, adam=404, bob=404, audrey=403)),
    "workbench:account_delete": Row(SIGNED_IN, proved=True),
    "workbench:key_open_runs": Row(expect(alice=200, adam=200, bob=200, audrey=403), proved=True),
    "workbench:member_freeze": post(expect(alice=302, adam=302, bob=403, audrey=403), reason="A loop"),
    "workbench:member_lift": post(expect(alice=302, adam=302, bob=403, audrey=403)),
    # -- experiments
    # Without runs to compare they are led to the history.
    "workbench:compare": Row(expect(alice=302, adam=302, bob=302, audrey=403)),
    "workbench:gallery": Row(RUNNERS),
    "workbench:gallery_zip": Row(RUNNERS),
    "workbench:sweep_list": Row(RUNNERS),
    "workbench:sweep_new": Row(RUNNERS),
    "workbench:sweep_detail": Row(RUNNERS),
    "workbench:sweep_head": Row(RUNNERS),
    "workbench:sweep_cells": Row(RUNNERS, data={"since": "2026-11-28T00:00:00+00:00"}),
    "workbench:sweep_cell": Row(RUNNERS),
    "workbench:sweep_pick": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "workbench:sweep_stop": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "workbench:sweep_resume": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "workbench:sweep_again": post(expect(alice=302, adam=302, bob=302, audrey=403)),
    "workbench:sweep_export": Row(RUNNERS),
    # Bob leaves by himself.
    "workbench:member_remove": post(expect(alice=302, adam=302, bob=302, audrey=403)),
}

# Their addresses name a payload with a link, in a team that allows links.
OF_A_LINK = {"payloads:link_create", "payloads:link_change"}

# allauth's pages belong to one person and to no team: the anonymous may open these, and only these.
OPEN_TO_ALL = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_login_webauthn",
    "openid_connect_login",
    "openid_connect_callback",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
}
# These lead everybody without a half-finished sign-in back to the start of one.
ONLY_HALF_SIGNED_IN = {"account_confirm_login_code", "mfa_authenticate", "socialaccount_signup"}
ALLAUTH_PARTS: dict[str, dict[str, Any]] = {
    "account_confirm_email": {"key": "nonsense"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "a-b"},
    "mfa_remove_webauthn": {"pk": 1},
    "mfa_edit_webauthn": {"pk": 1},
    "openid_connect_login": {"provider_id": "oidc"},
    "openid_connect_callback": {"provider_id": "oidc"},
}


def patterns(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every URL with its full name. allauth's old addresses, which only redirect, have none and are left out."""
    for part in (resolver or get_resolver()).url_patterns:
        if isinstance(part, URLResolver):
            yield from patterns(part, ":".join(filter(None, (namespace, part.namespace))))
        elif part.name:
            yield f"{namespace}:{part.name}" if namespace else part.name, part


def is_allauth(name: str) -> bool:
    return name.startswith(("account_", "mfa_", "socialaccount_", "openid_connect_", "usersessions_"))


OURS = sorted({name for name, _ in patterns() if not is_allauth(name)})
ALLAUTH = sorted({name for name, _ in patterns() if is_allauth(name)})


def parts_of(name: str) -> list[str]:
    """The names of the parts of an address, also of those in the paths that include it."""
    namespace, _, short = name.rpartition(":")
    resolver: Any = get_resolver().namespace_dict[namespace][1] if namespace else get_resolver()
    possibilities = resolver.reverse_dict[short][0]
    parts: list[str] = possibilities[0][1]
    return parts


@pytest.fixture
def world(db: None) -> World:
    cache.clear()
    return World()


def ask(persona: Persona, path: str, row: Row) -> int:
    """The status this persona gets; whatever asking changed in the database is undone."""
    with transaction.atomic():
        client = persona.client(proved=row.proved)
        status: int = getattr(client, row.method)(path, row.data).status_code
        transaction.set_rollback(True)
    return status


def test_every_url_is_in_the_table() -> None:
    assert [name for name in OURS if name not in ROWS] == []


def test_the_table_names_no_url_that_is_gone() -> None:
    assert [name for name in ROWS if name not in OURS] == []


@pytest.mark.parametrize("name", sorted(set(OURS) - {"runs:stream"}))
def test_everybody_gets_what_the_table_says(world: World, name: str) -> None:
    row = ROWS[name]
    world.of_link = name in OF_A_LINK
    path = reverse(name, kwargs={part: world.value(part) for part in parts_of(name)})
    assert {persona.name: ask(persona, path, row) for persona in world.people.all()} == row.expected


@pytest.mark.django_db(transaction=True)
def test_everybody_gets_what_the_table_says_of_the_stream() -> None:
    # It gives its database connection back, which a test inside a transaction can't live with.
    world, row = World(), ROWS["runs:stream"]
    path = reverse("runs:stream", args=[world.people.team.slug, MODE])
    asked = {persona.name: persona.client().get(path, row.data).status_code for persona in world.people.all()}
    assert asked == row.expected


@pytest.mark.parametrize("name", ALLAUTH)
def test_allauths_pages_open_only_for_the_signed_in(world: World, name: str) -> None:
    path = reverse(name, kwargs=ALLAUTH_PARTS.get(name))
    anonymous = Client().get(path)
    if name in OPEN_TO_ALL:
        assert anonymous.status_code < 500
    else:
        assert anonymous.status_code == 302
        assert anonymous["Location"].startswith("/accounts/login/")
    assert world.people.bob.client(proved=True).get(path).status_code < 500


def test_half_signed_in_pages_show_nothing_to_the_signed_in(world: World) -> None:
    client = world.people.bob.client()
    assert {name: client.get(reverse(name)).status_code for name in ONLY_HALF_SIGNED_IN} == dict.fromkeys(
        ONLY_HALF_SIGNED_IN, 302
    )
