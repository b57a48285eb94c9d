"""Each run says what its entries say; the ones that do not are named."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from uuid_utils.compat import uuid7

from accounts.models import Membership
from playground.runs import proof
from playground.runs.models import Billing, Run, State
from tests.ledger.books import reserve
from tests.ledger.superuser import tamper
from tests.personas import make_people
from tests.runs.factories import make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def runs() -> list[Run]:
    bob = make_people().membership("bob")
    return [
        make_run(bob),
        make_run(bob, cost=None),
        make_run(bob, billing=Billing.NOT_BILLED, state=State.REFUSED),
        make_run(bob, billing=Billing.UNKNOWN, state=State.UNKNOWN),
        make_run(bob, billing=Billing.PENDING, state=State.ACCEPTED),
    ]


def found() -> list[str]:
    return [str(row) for progress in proof.compare(batch=2) for row in progress.differences]


def test_runs_that_agree(runs: list[Run]) -> None:
    assert found() == []
    said = StringIO()
    call_command("check_ledger", "--batch", "2", stdout=said)
    assert said.getvalue().splitlines()[-1] == "5 runs say what the ledger says."
    assert "2 runs so far, up to " in said.getvalue()


def test_each_run_that_differs_is_named(runs: list[Run]) -> None:
    Run.objects.filter(id=runs[0].id).update(cost=Decimal("0.05"))
    Run.objects.filter(id=runs[3].id).update(billing=Billing.NOT_BILLED)
    alone = make_run(Membership.objects.get(user__name="Bob"))
    tamper("DELETE FROM playground_entry WHERE run_id = %s", [alone.id])
    gone = uuid7()
    reserve(runs[0].team_id, run_id=gone)
    said = StringIO()
    with pytest.raises(CommandError, match="4 differences between 6 runs and the ledger"):
        call_command("check_ledger", stdout=said)
    lines = said.getvalue().splitlines()
    assert (
        f"Run {runs[0].id} is billed at 0.0500000000, its entries say billed at 0.0400000000 "
        "and spent 0.0400000000." in lines
    )
    assert f"Run {runs[3].id} is not billed, its entries say unknown and spent 0.0000000000." in lines
    assert f"Run {alone.id} has no entry." in lines
    assert f"Run {gone} is gone; its entries spent 0.0000000000." in lines
    assert sorted(found()) == sorted(lines)


def test_a_range_of_ids_is_compared_alone(runs: list[Run]) -> None:
    Run.objects.filter(id=runs[0].id).update(cost=Decimal("0.05"))
    assert [progress.differences for progress in proof.compare(after=runs[0].id)] == [[]]
    (upto,) = proof.compare(upto=runs[0].id)
    assert [row.run_id for row in upto.differences] == [runs[0].id]
