"""The record is append-only for whoever speaks SQL, not only for the code that is here today."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts import audit, teams
from accounts.models import AuditEvent, Team
from tests.personas import People, make_people

CHANGES: dict[str, Any] = {
    "actor_label": "Somebody else",
    "verb": "sign_in.out",
    "target": "Another",
    "before": {"role": "owner"},
    "after": None,
    "address": "192.0.2.9",
    "user_agent": "Other",
    "created_at": timezone.now(),
    "team": None,
}


@pytest.fixture
def event(people: People) -> AuditEvent:
    return audit.record(team=people.team, actor=people.bob.user, verb="sign_in.ok", after={"role": "member"})


@contextmanager
def refused(deed: str) -> Iterator[None]:
    with pytest.raises(ProgrammingError, match=f"Cannot {deed}"), transaction.atomic():
        yield


@pytest.mark.parametrize("name", CHANGES)
def test_no_fact_of_a_row_changes(event: AuditEvent, name: str) -> None:
    rows = AuditEvent.objects.filter(id=event.id)
    with refused("update"):
        rows.update(**{name: CHANGES[name]})
    with refused("update"):
        rows.update(**{name: CHANGES[name], "actor": None})
    assert getattr(rows.get(), name) == getattr(event, name)


def test_an_actor_is_never_another_and_never_comes_back(people: People, event: AuditEvent) -> None:
    rows = AuditEvent.objects.filter(id=event.id)
    for actor in (people.alice.user, people.bob.user):
        with refused("update"):
            rows.update(actor=actor)
    rows.update(actor=None)
    for user_id in (people.bob.user.id, None):
        with refused("update"):
            rows.update(actor=user_id)
    assert rows.get().actor_label == "Bob"


def test_no_row_is_removed(event: AuditEvent) -> None:
    with refused("delete"):
        event.delete()
    with connection.cursor() as cursor:
        # A table with foreign keys still to be checked is not truncated by anybody.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with refused("delete"):
            cursor.execute("DELETE FROM accounts_auditevent")
        for table in ("accounts_auditevent", "accounts_team CASCADE"):
            with refused("truncate"):
                cursor.execute(f"TRUNCATE {table}")
    assert AuditEvent.objects.filter(id=event.id).exists()


def test_a_deleted_person_leaves_their_name(people: People, event: AuditEvent) -> None:
    teams.delete_person(user=people.bob.user, actor=None)
    row = AuditEvent.objects.get(id=event.id)
    assert (row.actor, row.actor_label) == (None, "Bob")


def test_a_team_with_a_record_is_not_deleted(people: People, event: AuditEvent) -> None:
    with pytest.raises(ProtectedError):
        people.team.delete()
    assert Team.objects.filter(id=people.team.id).exists()


@pytest.mark.parametrize("time", ["first", "second"])
@pytest.mark.django_db(transaction=True)
def test_a_test_with_its_own_transactions_leaves_nothing_behind(time: str) -> None:
    assert not AuditEvent.objects.exists()
    audit.record(team=make_people().team, actor=None, verb="sign_in.ok")
