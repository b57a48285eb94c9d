"""A whole Atelier with people of its own, as the tests of the main job find it."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from accounts import teams
from accounts.models import Membership, Role, Team
from tests import personas
from tests.sandbox_server import Record, SandboxServer
from tests.stack import Stack

TEAM = "atelier-walk"
WALKERS = ("walker-1440-light", "walker-1440-dark", "walker-390-light", "walker-390-dark")
COLLEAGUES = {"mia": Role.OWNER, "max": Role.MEMBER, "aud": Role.AUDITOR}


@dataclass(frozen=True)
class Person:
    """Somebody with a session; `team` is the slug they work in, `key` the text of their sandbox key or empty."""

    name: str
    email: str
    session: str
    team: str
    key: str = ""


class Site:
    """Makes its people when it is built: before any browser runs, whose event loop forbids the ORM."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.sandbox = SandboxServer(Path("unused"))
        self.sandbox.url = stack.sandbox_url
        self.people: dict[str, Person] = {}
        with stack.django():
            self._make_colleagues()
            for name in (*WALKERS, "keyed", "keyboard", "scriptless", "newcomer"):
                self._make_loner(name)

    def _make_colleagues(self) -> None:
        mia = personas.make_user("Mia")
        mine = teams.create_team(owner=mia, name="Atelier walk", time_zone="Europe/Berlin")
        for name, role in COLLEAGUES.items():
            user = mia if name == "mia" else personas.make_user(name.title())
            there = Membership.objects.filter(team=mine.team, user=user).first()
            membership = there or Membership.objects.create(team=mine.team, user=user, role=role)
            self._add(name, membership, key=role != Role.AUDITOR)

    def _make_loner(self, name: str) -> None:
        user = personas.make_user(name)
        self._add(name, teams.create_team(owner=user, name=f"Team of {name}"), key=name == "scriptless")

    def _add(self, name: str, membership: Membership, *, key: bool) -> None:
        text = self.sandbox.new_key("100") if key else ""
        if text:
            personas.make_key(membership, text=text, label=f"{name.title()}'s")
        client = Client()
        client.force_login(membership.user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.people[name] = Person(name, membership.user.email, session, membership.team.slug, text)

    def address(self, path: str, team: str = "", *, mode: str = "sandbox") -> str:
        """`playground/veo-3/`, `history/` and so on of a team."""
        return f"{self.stack.url}/t/{team or self.people['mia'].team}/{mode}/{path}"

    def join(self, name: str) -> None:
        """A new member of the colleagues' team, with a key."""

        def join() -> None:
            team = Team.objects.get(slug=self.people["mia"].team)
            user = personas.make_user(name)
            self._add(name, Membership.objects.create(team=team, user=user, role=Role.MEMBER), key=True)

        self.deed(join)

    def add_key(self, name: str, text: str, label: str) -> None:
        """One more key of this person."""
        self.deed(lambda: self._add_key(name, text, label))

    def _add_key(self, name: str, text: str, label: str) -> None:
        person = self.people[name]
        membership = Membership.objects.select_related("team", "user").get(
            team__slug=person.team, user__email=person.email
        )
        personas.make_key(membership, text=text, label=label)

    def deed(self, do: Callable[[], Any]) -> None:
        """Runs `do` with Django on the stack, in a thread of its own: a browser may be open in this one."""
        failures: list[BaseException] = []

        def inside() -> None:
            try:
                with self.stack.django():
                    do()
            except BaseException as failure:  # noqa: BLE001 - raised again in the test's own thread
                failures.append(failure)

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]

    def accepted(self, body: str) -> list[Record]:
        """The POSTs with exactly this body that the sandbox's books hold as accepted."""
        digest = hashlib.sha256(body.encode()).hexdigest()
        return [one for one in self.sandbox.books(kind="accepted") if one["body_sha256"] == digest]

    def run_count(self, team: str = "") -> int:
        """How many runs a team has."""
        query = (
            "SELECT count(*) FROM playground_run r JOIN accounts_team t ON t.id = r.team_id WHERE t.slug = %s"
        )
        return int(self.stack.sql(query, team or self.people["mia"].team)[0][0])


def unique(word: str) -> str:
    """A prompt that no other test uses."""
    return f"{word} {secrets.token_hex(4)}"
