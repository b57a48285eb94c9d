"""The people every test asks: Alice owns the team, Adam administers it, Bob is a member, Audrey audits, Charlie is a
stranger who owns a team of his own, and nobody is the anonymous visitor."""

import time
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.test import Client

from accounts import keys
from accounts.models import ApiKey, Membership, Role, Team, User

PASSWORD = "correct horse battery staple"
LIVE_TEXT = "SG_0123456789abcdef"
SANDBOX_TEXT = "SGTEST_0123456789abcdef"


@dataclass(frozen=True)
class Persona:
    """One person in the team under test; Charlie's membership is in his own team, nobody has none."""

    name: str
    membership: Membership | None

    @property
    def user(self) -> User:
        """The account. AssertionError for nobody."""
        assert self.membership is not None
        return self.membership.user

    def client(self, *, proved: bool = False) -> Client:
        """A browser this person is signed in with; ``proved`` as if the password had just been given again."""
        client = Client()
        if self.membership is not None:
            client.force_login(self.user)
            if proved:
                prove(client)
        return client


def prove(client: Client) -> None:
    """Marks the password as just given again."""
    session = client.session
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session.save()


@dataclass(frozen=True)
class People:
    team: Team
    alice: Persona
    adam: Persona
    bob: Persona
    audrey: Persona
    charlie: Persona
    nobody: Persona

    def all(self) -> tuple[Persona, ...]:
        return self.alice, self.adam, self.bob, self.audrey, self.charlie, self.nobody

    def membership(self, name: str) -> Membership:
        """The membership of the persona called ``name``."""
        found: Membership = getattr(self, name).membership
        return found


def make_user(name: str) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def make_people(slug: str = "studio") -> People:
    """A team with one person in each role, and a stranger with a team of his own."""
    team = Team.objects.create(slug=slug, name=slug.title(), time_zone="Europe/Berlin")
    elsewhere = Team.objects.create(slug=f"{slug}-elsewhere", name="Elsewhere")

    def persona(name: str, role: Role, of: Team = team) -> Persona:
        return Persona(name.lower(), Membership.objects.create(team=of, user=make_user(name), role=role))

    return People(
        team=team,
        alice=persona("Alice", Role.OWNER),
        adam=persona("Adam", Role.ADMIN),
        bob=persona("Bob", Role.MEMBER),
        audrey=persona("Audrey", Role.AUDITOR),
        charlie=persona("Charlie", Role.OWNER, elsewhere),
        nobody=Persona("nobody", None),
    )


def make_key(
    membership: Membership, *, text: str = SANDBOX_TEXT, label: str = "Studio", lent: bool = False
) -> ApiKey:
    """A stored key of this person."""
    key = keys.add_key(membership=membership, label=label, text=text)
    return keys.lend(membership=membership, key=key, lent=True) if lent else key


def ask_everyone(
    people: People,
    path: str,
    *,
    method: str = "get",
    data: dict[str, str] | None = None,
    proved: bool = False,
) -> dict[str, int]:
    """The status each persona gets, by name; whoever is asked later meets what the earlier ones did."""
    return {
        persona.name: getattr(persona.client(proved=proved), method)(path, data or {}).status_code
        for persona in people.all()
    }


def expect(
    *, alice: int, adam: int, bob: int, audrey: int, charlie: int = 404, nobody: int = 302
) -> dict[str, int]:
    """Statuses by name, to compare with ``ask_everyone``: strangers get 404, the anonymous are sent to sign in."""
    return {
        "alice": alice,
        "adam": adam,
        "bob": bob,
        "audrey": audrey,
        "charlie": charlie,
        "nobody": nobody,
    }
