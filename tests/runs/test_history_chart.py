from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from playground.runs import chart
from playground.runs.models import Billing, Run, State
from tests.personas import People
from tests.runs.factories import make_run, refused, unknown

pytestmark = pytest.mark.django_db

URL = "/t/studio/sandbox/history/chart/"
BERLIN = ZoneInfo("Europe/Berlin")


def build(people: People, **period: datetime | None) -> chart.Chart:
    values: dict[str, datetime | None] = {"start": None, "end": None, **period}
    return chart.build(
        Run.objects.filter(team=people.team), start=values["start"], end=values["end"], zone=BERLIN
    )


def test_it_counts_by_billing_and_sums_in_decimal(people: People) -> None:
    bob = people.membership("bob")
    make_run(bob, cost="0.1000000001")
    make_run(bob, cost="0.2000000002", ago=timedelta(hours=5))
    make_run(bob, cost=None)
    refused(bob, 500, "no", "server_error")
    unknown(bob)
    make_run(bob, ago=timedelta(hours=30))
    built = build(people)
    assert (built.requests, built.billed, built.not_billed, built.pending, built.unknown) == (5, 3, 1, 0, 1)
    assert built.needs_person == 2
    assert built.cost == Decimal("0.3000000003")
    assert sum(bucket.total for bucket in built.buckets) == 5
    assert 24 <= len(built.buckets) <= 60


@pytest.mark.parametrize(
    ("length", "step"),
    [
        (timedelta(hours=24), timedelta(hours=1)),
        (timedelta(hours=23), timedelta(hours=1)),
        (timedelta(days=7), timedelta(hours=6)),
        (timedelta(days=31), timedelta(days=1)),
        (timedelta(minutes=24), timedelta(minutes=1)),
    ],
)
def test_steps_make_24_to_60_bars(length: timedelta, step: timedelta) -> None:
    assert chart.step_for(length) == step
    assert length / step <= 61


def test_a_long_period_is_cut_to_its_last_31_days(people: People) -> None:
    bob = people.membership("bob")
    make_run(bob, ago=timedelta(days=40))
    make_run(bob, ago=timedelta(days=20))
    built = build(people, start=timezone.now() - timedelta(days=365))
    assert built.was_cut
    assert built.requests == 1
    page = people.bob.client().get(
        f"{URL}?from=2020-01-01&endpoint=seedream-4.5", headers={"HX-Request": "true"}
    )
    assert "last 31 days" in page.content.decode()


def test_everything_of_the_team_is_drawn_from_the_ledger_over_a_year(people: People) -> None:
    bob = people.membership("bob")
    make_run(bob, cost="0.1000000001", ago=timedelta(days=300))
    make_run(bob, cost=None, ago=timedelta(days=40))
    refused(bob, 500, "no", "server_error", ago=timedelta(days=2))
    unknown(bob)
    make_run(bob, state=State.ACCEPTED, billing=Billing.PENDING, status=None)
    make_run(bob, ago=timedelta(days=400))
    start = timezone.now() - timedelta(days=365)
    whole = chart.build_whole(people.team, "sandbox", start=start, end=None)
    assert not whole.was_cut
    assert (whole.billed, whole.not_billed, whole.pending, whole.unknown) == (2, 1, 1, 1)
    assert (whole.cost, whole.needs_person) == (Decimal("0.1000000001"), 2)
    page = people.bob.client().get(f"{URL}?from=2020-01-01", headers={"HX-Request": "true"})
    assert "last 366 days" in page.content.decode()


def test_the_ledger_and_the_runs_draw_the_same_day(people: People) -> None:
    bob = people.membership("bob")
    for hours in (1, 5, 9, 20):
        make_run(bob, cost=f"0.0{hours}", ago=timedelta(hours=hours))
        unknown(bob, ago=timedelta(hours=hours + 1))
    whole = chart.build_whole(people.team, "sandbox", start=None, end=None)
    assert whole.buckets == build(people).buckets


def test_bars_stay_inside_the_picture(people: People) -> None:
    bob = people.membership("bob")
    for _ in range(30):
        make_run(bob)
    unknown(bob)
    built = build(people)
    assert {bar.css for bar in built.bars} == {"bar-billed", "bar-unknown"}
    for bar in built.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= chart.WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= chart.HEIGHT + 0.01
        assert bar.height >= 2


def test_the_bars_of_a_year_are_seen(people: People) -> None:
    make_run(people.membership("bob"), ago=timedelta(days=360))
    start = timezone.now() - timedelta(days=363)
    whole = chart.build_whole(people.team, "sandbox", start=start, end=None)
    assert len(whole.buckets) > 360
    assert [bar.width > 1 for bar in whole.bars] == [True]


def test_a_day_of_25_hours_has_no_hole(people: People) -> None:
    start = datetime(2025, 10, 25, 22, 0, tzinfo=UTC)  # midnight in Berlin, the clocks go back that night
    built = build(people, start=start, end=start + timedelta(hours=25))
    assert len(built.buckets) == 25
    assert built.buckets[0].label == "00:00"
    assert [bucket.label for bucket in built.buckets].count("02:00") == 2


def test_the_fragment_has_words_and_a_table_and_no_inline_style(people: People) -> None:
    make_run(people.membership("bob"))
    unknown(people.membership("bob"))
    page = people.bob.client().get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "2 runs" in page
    assert "1 unknown" in page
    assert "?needs=person" in page
    assert "<strong" in page
    assert "$ 0.0400" in page
    assert "<table" in page
    assert "style=" not in page
    assert "<html" not in page
    assert "<html" in people.bob.client().get(URL).content.decode()


def test_it_follows_the_filter_and_the_access(people: People) -> None:
    make_run(people.membership("bob"))
    make_run(people.membership("alice"))
    own = people.alice.client().get(f"{URL}?person={people.bob.user.id}", headers={"HX-Request": "true"})
    assert own.context["chart"].requests == 1
    people.team.own_runs_only = True
    people.team.save()
    assert people.bob.client().get(URL, headers={"HX-Request": "true"}).context["chart"].requests == 1
    assert people.audrey.client().get(URL).context["chart"].requests == 2
    assert people.charlie.client().get(URL).status_code == 404
    assert people.nobody.client().get(URL).status_code == 302
