"""Every sum of the reading side is the sum of the entries, whatever happened to the runs."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from accounts.models import Team
from playground.ledger import crossing, periods, spend, spend_tables
from playground.ledger.models import Cut, Entry
from playground.ledger.periods import Kind, Period
from playground.ledger.spend import Scope, Sums
from tests.ledger.books import learn, reserve

pytestmark = pytest.mark.django_db
TEAM = UUID("00000000-0000-7000-8000-00000000000a")
PEOPLE = [UUID(int=number) for number in (1, 2, 3)]
KEYS = [UUID(int=number) for number in (11, 12)]
FIRST, LAST = date(2026, 8, 20), date(2026, 11, 5)

PERIODS = [
    periods.around(Kind.DAY, date(2026, 9, 30)),
    periods.around(Kind.WEEK, date(2026, 9, 30)),
    periods.around(Kind.MONTH, date(2026, 9, 30)),
    Period(Kind.CUSTOM, date(2026, 8, 25), date(2026, 10, 4)),
    Period(Kind.CUSTOM, FIRST, LAST),
    Period(Kind.CUSTOM, date(2026, 6, 15), date(2026, 10, 4)),
    Period(Kind.CUSTOM, date(2026, 1, 1), date(2026, 12, 31)),
]
VALUE: dict[Cut, Callable[[Entry], str]] = {
    Cut.PERSON: lambda entry: str(entry.person_id or ""),
    Cut.ENDPOINT: lambda entry: entry.endpoint,
    Cut.KEY: lambda entry: str(entry.key_id),
    Cut.SOURCE: lambda entry: entry.source,
    Cut.TAG: lambda entry: entry.tag,
}


def make_books(seed: int, runs: int = 60) -> None:
    """Runs over eleven weeks: settled at once, in doubt, corrected, still open; by people, keys, models at random."""
    dice = random.Random(seed)
    for _ in range(runs):
        day = FIRST + timedelta(days=dice.randrange((LAST - FIRST).days + 1))
        run = reserve(
            TEAM,
            day=day,
            amount=f"{dice.uniform(0.01, 2):.4f}",
            person_id=dice.choice([*PEOPLE, None]),
            key_id=dice.choice(KEYS),
            endpoint=dice.choice(["kling-2.6", "seedream-4.5", "flux-schnell"]),
            source=dice.choice(["playground", "demo"]),
            tag=dice.choice(["", "teaser"]),
        )
        for _ in range(dice.randrange(4)):
            billing = dice.choice(["billed", "billed", "not_billed", "unknown", "pending"])
            cost = f"{dice.uniform(0, 1):.10f}" if billing == "billed" and dice.random() < 0.8 else None
            learn(run, billing, cost, seconds=dice.uniform(0.1, 60))


def delta(entry: Entry) -> Sums:
    """What one entry changes, told apart in Python."""
    if entry.kind == "hold" and entry.billing == "pending" and entry.billing_before in ("", "pending"):
        return Sums()

    def moved(name: str) -> int:
        return int(entry.billing == name) - int(entry.billing_before == name)

    return Sums(
        entry.spent,
        int(entry.billing != "pending") - int(entry.billing_before not in ("", "pending")),
        moved("billed"),
        moved("not_billed"),
        moved("unknown"),
        int(entry.state == "succeeded") - int(entry.state_before == "succeeded"),
    )


def from_entries(period: Period, *cuts: Cut, person: UUID | None = None) -> dict[tuple[str, ...], Sums]:
    made: dict[tuple[str, ...], Sums] = {}
    for entry in Entry.objects.filter(team_id=TEAM, mode="sandbox"):
        if period.holds(entry.day) and (person is None or entry.person_id == person):
            values = tuple(VALUE[cut](entry) for cut in cuts)
            made[values] = made.get(values, Sums()) + delta(entry)
    return {values: sums for values, sums in made.items() if sums}


def single(found: dict[str, Sums]) -> dict[tuple[str, ...], Sums]:
    return {(value,): sums for value, sums in found.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_view_adds_up_to_the_entries(seed: int) -> None:
    make_books(seed)
    reserve(TEAM, mode="live", day=date(2026, 9, 30))
    whole = Scope(TEAM, "sandbox")
    for period in PERIODS:
        total = from_entries(period).get((), Sums())
        assert spend.totals(whole, period) == total
        for cut in spend.CUTS:
            found = spend.by_value(whole, period, cut)
            assert single(found) == from_entries(period, cut)
            assert spend.total(found.values()) == total
            named = list(found)[:1]
            bars = spend.over_time(whole, period, cut, named)
            assert spend.total(one for sums in bars.values() for one in sums.values()) == total
            assert all(period.holds(bar) or bar.day == 1 for bar in bars)
        for pair in spend.PAIRS:
            values = [spend.by_value(whole, period, cut) for cut in pair]
            assert spend.crossed(whole, period, pair, *values) == from_entries(period, *pair)
        for endpoint, sums in spend.by_value(whole, period, Cut.ENDPOINT).items():
            assert spend.of_endpoint(whole, period, endpoint) == sums
            people = spend.people_of_endpoint(whole, period, endpoint)
            assert spend.total(people.values()) == sums


@pytest.mark.parametrize("seed", [4, 5])
def test_a_person_alone_gets_their_own_and_nothing_else(seed: int) -> None:
    make_books(seed)
    for person in PEOPLE:
        own = Scope(TEAM, "sandbox", person)
        for period in PERIODS:
            assert spend.totals(own, period) == from_entries(period, person=person).get((), Sums())
            for cut in own.cuts:
                assert single(spend.by_value(own, period, cut)) == from_entries(period, cut, person=person)
                bars = spend.over_time(own, period, cut, [])
                whole = spend.total(one for sums in bars.values() for one in sums.values())
                assert whole == spend.totals(own, period)


def test_sums_that_nobody_keeps_for_one_person_are_not_given() -> None:
    with pytest.raises(ValueError, match="no sums of one person"):
        spend.by_value(Scope(TEAM, "sandbox", PEOPLE[0]), PERIODS[0], Cut.TAG)


def test_what_a_worker_counts_adds_up_too() -> None:
    make_books(6)
    period = Period(Kind.CUSTOM, date(2026, 9, 10), date(2026, 10, 9))
    whole = Scope(TEAM, "sandbox")
    for pair in [(Cut.PERSON, Cut.SOURCE), (Cut.ENDPOINT, Cut.TAG), (Cut.SOURCE, Cut.TAG)]:
        crossing.count(team_id=TEAM, mode="sandbox", first=period.first, last=period.last, pair=pair)
        assert crossing.counted(whole, period, pair) == from_entries(period, *pair)


def test_what_is_held_now_is_what_the_entries_hold() -> None:
    make_books(7)
    held = spend.held(Scope(TEAM, "sandbox"))
    entries = list(Entry.objects.filter(team_id=TEAM))
    assert held.amount == sum((entry.held for entry in entries), Decimal(0))
    by_key = spend.held_by_value(Scope(TEAM, "sandbox"), Period(Kind.CUSTOM, FIRST, LAST), Cut.KEY)
    assert sum(by_key.values()) == held.amount
    earlier = spend.held(Scope(TEAM, "sandbox"), until=date(2026, 9, 30))
    assert earlier.amount == sum((one.held for one in entries if one.day <= date(2026, 9, 30)), Decimal(0))


def test_a_day_with_a_change_of_clock_keeps_all_its_hours() -> None:
    for hour in range(25):
        moment = datetime(2026, 10, 24, 22, tzinfo=UTC) + timedelta(hours=hour)
        learn(reserve(TEAM, day=date(2026, 10, 25), effective_at=moment), "billed", "0.01")
    assert spend.totals(
        Scope(TEAM, "sandbox"), periods.around(Kind.DAY, date(2026, 10, 25))
    ).spent == Decimal("0.25")


@pytest.mark.parametrize("seed", [6, 7])
def test_what_the_named_leave_stands_under_others(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spend_tables, "MOST_ROWS", 2)
    monkeypatch.setattr(spend_tables, "MOST_COLUMNS", 1)
    make_books(seed)
    period = PERIODS[-1]
    pair = (Cut.PERSON, Cut.ENDPOINT)
    table = crossing.context(Team(id=TEAM, slug="studio"), Scope(TEAM, "sandbox"), period, pair, {})[
        "crossed"
    ]
    by_person = sorted(from_entries(period, Cut.PERSON).values(), key=lambda sums: -sums.spent)
    (dearest, _), *others = sorted(from_entries(period, Cut.ENDPOINT).items(), key=lambda one: -one[1].spent)
    pairs = from_entries(period, *pair)
    assert table.columns == [dearest[0], "others"]
    assert [line.total for line in table.lines] == [*by_person[:2], spend.total(by_person[2:])]
    assert table.sums == [
        spend.total(s for (_, b), s in pairs.items() if b == dearest[0]),
        spend.total(s for _, s in others),
    ]
    assert table.total == spend.total(by_person)
