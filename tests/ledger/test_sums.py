"""The kept sums are what the entries say; where they are not, each difference is named and can be mended."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Team
from playground.ledger import sums
from playground.ledger.models import (
    Budget,
    BudgetCounter,
    LedgerCheck,
    OpenHold,
    PeriodClose,
    QuarterHour,
    Rollup,
)
from playground.ledger.tasks import compare
from tests.ledger.books import learn, reserve

pytestmark = pytest.mark.django_db
TODAY = datetime.now(UTC).date()


@pytest.fixture
def team() -> Team:
    """With a budget, and runs in every state of knowledge."""
    team = Team.objects.create(slug="studio", name="Studio")
    for period in Budget.Period:
        Budget.objects.create(
            team=team,
            mode="sandbox",
            name=period,
            period=period,
            limit_usd=Decimal(100),
            starts_on=TODAY - timedelta(days=60),
            created_by_label="Alice",
        )
    reserve(team.id)
    learn(reserve(team.id, tag="harbour"), "billed", "0.04", seconds=2.0)
    learn(reserve(team.id, day=TODAY - timedelta(days=50)), "not_billed", error_kind="credits")
    learn(reserve(team.id), "unknown")
    learn(reserve(team.id), "billed")
    late = reserve(team.id)
    learn(late, "unknown")
    learn(late, "pending")
    learn(late, "billed", "0.2")
    learn(late, "not_billed", made_by="person", reason="Another run")
    learn(reserve(team.id, mode="live"), "billed", "0.5")
    return team


def found(team: Team, since: date | None = None) -> list[str]:
    return [str(row) for row in sums.differences(team_id=team.id, mode="sandbox", since=since)]


def test_the_sums_are_what_the_entries_say(team: Team) -> None:
    assert found(team) == []
    assert found(team, since=TODAY - timedelta(days=3)) == []
    assert sums.books() == [(team.id, "live"), (team.id, "sandbox")]


def test_each_difference_is_named(team: Team) -> None:
    Rollup.objects.filter(mode="sandbox", cut="tag", a="harbour").update(spent=Decimal("0.05"), runs=2)
    QuarterHour.objects.filter(mode="sandbox", spent__gt=0).update(billed=7)
    OpenHold.objects.filter(mode="sandbox", billing="unknown").delete()
    BudgetCounter.objects.filter(budget__period="total", budget__mode="sandbox").update(held=Decimal(9))
    said = "\n".join(found(team))
    assert "Sum tag d" in said
    assert "harbour: spent is 0.0500000000 and should be 0.0400000000, runs is 2 and should be 1" in said
    assert "billed is 7 and should be 2" in said
    assert "billing is nothing and should be unknown" in said
    assert "held is 9.0000000000 and should be 0.3000000000" in said
    assert len(said.splitlines()) == 4


def test_a_row_that_nothing_stands_for_is_named(team: Team) -> None:
    row = Rollup.objects.filter(mode="sandbox", cut="source", start=TODAY).get()
    Rollup.objects.create(
        **{field.name: getattr(row, field.name) for field in Rollup._meta.local_fields if field.name != "pk"}
        | {"a": "ghost"}
    )
    (said,) = found(team)
    assert "ghost: spent is 0.0400000000 and should be 0" in said


def test_a_comparison_of_the_last_days_leaves_older_ones_alone(team: Team) -> None:
    Rollup.objects.filter(start=TODAY - timedelta(days=50), cut="endpoint").update(runs=5)
    assert found(team, since=TODAY - timedelta(days=3)) == []
    assert len(found(team)) == 1


def test_a_rebuild_replaces_what_differs(team: Team) -> None:
    Rollup.objects.all().delete()
    QuarterHour.objects.update(spent=1)
    OpenHold.objects.update(amount=3)
    BudgetCounter.objects.all().delete()
    sums.rebuild(team_id=team.id, mode="sandbox")
    assert found(team) == []
    assert len(list(sums.differences(team_id=team.id, mode="live"))) > 0
    sums.rebuild(team_id=team.id, mode="live")
    assert list(sums.differences(team_id=team.id, mode="live")) == []


def test_a_late_fact_of_a_closed_period_agrees_too(team: Team) -> None:
    run = reserve(team.id, day=TODAY - timedelta(days=20))
    PeriodClose.objects.create(
        team=team,
        mode="sandbox",
        first_day=TODAY - timedelta(days=60),
        last_day=TODAY - timedelta(days=10),
        opens_on=TODAY - timedelta(days=9),
        opens_at=datetime.combine(TODAY - timedelta(days=9), datetime.min.time(), UTC),
        spent=0,
        runs=0,
        billed=0,
        closed_by_label="Alice",
    )
    learn(run, "billed", "0.3")
    assert found(team) == []
    assert found(team, since=TODAY - timedelta(days=9)) == []


def test_the_command_names_differences_and_mends_them_when_asked(team: Team) -> None:
    said = StringIO()
    call_command("rebuild_rollups", stdout=said)
    assert "studio sandbox: every sum is what the entries say." in said.getvalue()
    Rollup.objects.filter(mode="sandbox", cut="tag", a="harbour").update(runs=9)
    with pytest.raises(CommandError, match="1 sums differ"):
        call_command("rebuild_rollups", "--team", "studio", "--days", "5", stdout=said)
    assert "runs is 9 and should be 1" in said.getvalue()
    call_command("rebuild_rollups", "--fix", stdout=said)
    assert found(team) == []
    with pytest.raises(CommandError, match="no team nowhere"):
        call_command("rebuild_rollups", "--team", "nowhere")


def test_the_nightly_task_keeps_a_result_for_each_team_and_mode(team: Team) -> None:
    OpenHold.objects.filter(mode="sandbox").update(amount=3)
    compare()
    live, sandbox = LedgerCheck.objects.order_by("mode")
    assert (live.team_id, live.mode, live.agrees) == (team.id, "live", True)
    assert (sandbox.mode, sandbox.agrees) == ("sandbox", False)
    assert sandbox.summary.startswith("3 sums differ from the entries of the days since")
    assert "amount is 3.0000000000 and should be 0.1000000000" in sandbox.differences[0]
