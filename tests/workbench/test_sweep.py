"""A sweep is counted before it is made, starts each cell once, keeps its pace and its caps, and says why it stopped."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, Membership
from playground.ledger import freezes
from playground.runs.models import Billing, Run, RunLink, RunText, State
from playground.runs.retention import erase_content
from playground.runs.submit import cancel, submit
from playground.workbench import grid, retention, starting, sweep_page, sweeps
from playground.workbench.models import Sweep, SweepCell, SweepRun
from tests.ledger.caps import cap
from tests.personas import People, make_key

SLUG = "seedream-4.5"
TEXT = '{"prompt": "a boat", "seed": -1, "duration": "5", "scale": 1.0}'
Make = Callable[..., Sweep]


@pytest.fixture
def key(bob: Membership) -> ApiKey:
    return make_key(bob)


@pytest.fixture
def make(bob: Membership, key: ApiKey) -> Make:
    def make(*rows: tuple[str, str], **more: Any) -> Sweep:
        fields = grid.read(TEXT, rows or [("seed", "1..3")])
        values: dict[str, Any] = {
            "cap_usd": None,
            "cap_runs": 500,
            "per_minute": 50,
            "token": uuid.uuid4(),
            **more,
        }
        return sweeps.make(
            membership=bob, endpoint=SLUG, version=1, key=key, text=TEXT, fields=fields, **values
        )

    return make


def start_all() -> None:
    """As fast as the minute allows: what was started moves out of the burst."""
    SweepRun.objects.update(started_at=timezone.now() - timedelta(seconds=6))
    while starting.start_due():
        SweepRun.objects.update(started_at=timezone.now() - timedelta(seconds=6))


def end(run: Run | None, state: State, *, status: int = 200, **columns: Any) -> None:
    assert run is not None
    billing = Billing.BILLED if state == State.SUCCEEDED else Billing.NOT_BILLED
    Run.objects.filter(id=run.id).update(
        state=state, billing=billing, status=status, finished_at=timezone.now(), **columns
    )


def texts(sweep: Sweep) -> list[str]:
    runs = SweepRun.objects.filter(cell__sweep=sweep).order_by("cell__position", "attempt")
    return [one.run.text.request_text for one in runs.select_related("run__text")]


@pytest.mark.parametrize(
    ("rows", "counted"),
    [
        ([("seed", "1..4")], [["1", "2", "3", "4"]]),
        ([("scale", "0.5..1.5 step 0.5")], [["0.5", "1.0", "1.5"]]),
        ([("seed", "1, 2,2")], [["1", "2"]]),
        ([("duration", "5\n10")], [['"5"', '"10"']]),
        ([("prompt", "a cat, a dog\na {tree}")], [['"a cat, a dog"', '"a {tree}"']]),
        ([("new", "true\nwords")], [["true", '"words"']]),
        ([("seed", "3..1 step -1"), ("", ""), ("scale", "2")], [["3", "2", "1"], ["2"]]),
    ],
)
def test_what_is_typed_becomes_a_literal_of_the_same_kind(rows: Any, counted: list[list[str]]) -> None:
    assert [list(field.literals) for field in grid.read(TEXT, rows)] == counted


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("seed", "1..10000")], "10\u202f000 runs; a sweep has at most 500"),
        ([("seed", "1..100"), ("scale", "1..100")], "10\u202f000 runs; a sweep has at most 500"),
        ([("seed", "1..99999999999999999999")], "a sweep has at most 500"),
        ([("seed", "1..5 step -1")], "never reaches its end"),
        ([("prompt.x", "1")], "no prompt.x"),
        ([("seed", "1"), ("seed", "2")], "the same field"),
        ([("seed", "")], "Give its values"),
        ([("seed", "[1,")], "not valid JSON"),
        ([("seed", '["\\ud800"]')], "not valid JSON"),
        ([], "at least one field"),
    ],
)
def test_what_makes_no_grid_is_told(rows: Any, words: str) -> None:
    with pytest.raises(grid.GridProblem) as told:
        grid.read(TEXT, rows)
    assert words in str(told.value)


def test_digits_of_other_scripts_are_words() -> None:
    (field,) = grid.read(TEXT, [("seed", "1\u0662")])
    assert field.literals == ('"1\u0662"',)


def test_a_field_that_cannot_be_stored_cannot_vary() -> None:
    with pytest.raises(grid.GridProblem, match="cannot vary"):
        grid.read('{"\\u0000.x": 1}', [('["\\u0000.x"]', "1..2")])


def test_a_field_that_the_text_has_not_yet_takes_the_kind_of_the_schema() -> None:
    rows = [("quality", "5\n10"), ("steps", "5")]
    fields = grid.read('{"prompt": "a boat"}', rows, texts={"quality": []})
    assert [field.literals for field in fields] == [('"5"', '"10"'), ("5",)]


def test_choices_may_stand_in_one_line_and_prompts_keep_their_commas() -> None:
    rows = [("duration", "5, 10"), ("prompt", "a boat, at dusk")]
    fields = grid.read(TEXT, rows, texts={"duration": ["5", "10"], "prompt": []})
    assert [field.literals for field in fields] == [('"5"', '"10"'), ('"a boat, at dusk"',)]


def test_each_cell_is_started_once_with_its_values_in_place(make: Make) -> None:
    token = uuid.uuid4()
    sweep = make(("seed", "1..2"), ("duration", "5\n10"), token=token)
    assert make(("seed", "1..2"), ("duration", "5\n10"), token=token) == sweep
    start_all()
    assert texts(sweep) == [
        TEXT.replace("-1", seed).replace('"5"', f'"{duration}"') for seed in "12" for duration in ("5", "10")
    ]
    assert set(Run.objects.values_list("source", flat=True)) == {"sweep"}


def test_a_crash_between_run_and_cell_makes_no_second_run(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    with monkeypatch.context() as crash:
        crash.setattr(SweepCell, "save", lambda *_, **__: 1 / 0)
        assert starting.start_due() == 0
    assert Run.objects.count() == 0
    start_all()
    assert Run.objects.count() == SweepRun.objects.count() == 3


def test_who_was_switched_off_starts_nothing_more(make: Make, bob: Membership) -> None:
    make()
    bob.user.is_active = False
    bob.user.save()
    start_all()
    assert not Run.objects.exists()


def test_nobody_can_guess_what_a_cell_will_be_sent_under(make: Make, people: People) -> None:
    sweep = make(("seed", "1"))
    cell = sweep.cells.get()
    adam = people.membership("adam")
    submit(
        membership=adam, endpoint=SLUG, version=1, key=make_key(adam), body_text="{}",
        token=uuid.uuid5(cell.id, "1"),
    )  # fmt: skip
    start_all()
    cell.refresh_from_db()
    assert cell.run is not None
    assert cell.run.person == sweep.person


def test_what_was_taken_back_before_is_not_sent_by_stopping_and_resuming(make: Make, bob: Membership) -> None:
    sweep = make(("seed", "1"))
    starting.start_one(sweep_id=sweep.id)
    cancel(runs=Run.objects.filter(sweep_cell__sweep=sweep))
    sweeps.stop(membership=bob, sweep=sweep)
    sweeps.resume(membership=bob, sweep=sweep, cap_usd=None, cap_runs=9, per_minute=50)
    start_all()
    assert Run.objects.count() == 1


def test_one_failed_cell_that_is_run_again_brings_nothing_else_along(make: Make, bob: Membership) -> None:
    sweep = make(("seed", "1..4"))
    starting.start_one(sweep_id=sweep.id)
    first, *rest = sweep.cells.order_by("position")
    end(first.run, State.FAILED, status=500)
    sweeps.stop(membership=bob, sweep=sweep)
    assert sweeps.run_again(membership=bob, sweep=sweep, cells=[cell.id for cell in (first, *rest)]) == 1
    start_all()
    assert Run.objects.count() == 2
    first.refresh_from_db()
    end(first.run, State.SUCCEEDED)
    start_all()
    sweep.refresh_from_db()
    assert sweep.state == Sweep.State.STOPPED
    sweeps.resume(membership=bob, sweep=sweep, cap_usd=None, cap_runs=500, per_minute=50)
    start_all()
    assert Run.objects.count() == 5


def test_what_was_erased_is_neither_kept_nor_sent_again(make: Make, bob: Membership) -> None:
    sweep = make(("prompt", "the secret harbour\na boat"))
    start_all()
    first, second = sweep.cells.order_by("position")
    for cell in (first, second):
        end(cell.run, State.FAILED, status=500)
    assert first.run is not None
    first.run.refresh_from_db()
    erase_content(run=first.run, actor=bob.user)
    assert retention.apply() == 1
    first.refresh_from_db()
    sweep.refresh_from_db()
    assert "secret" not in f"{first.literals} {sweep.fields}"
    assert sweeps.run_again(membership=bob, sweep=sweep, cells=[first.id, second.id]) == 1
    start_all()
    assert RunText.objects.filter(request_text__contains="a boat", run__state=State.QUEUED).count() == 1
    assert len(sweep_page.shown_cells(bob, sweep)) == 2


def test_a_used_form_with_another_grid_is_told(make: Make) -> None:
    token = uuid.uuid4()
    make(("seed", "1..2"), token=token)
    with pytest.raises(sweeps.UsedBefore):
        make(("seed", "1..3"), token=token)


def test_the_pace_is_kept_for_the_key_over_all_its_sweeps(make: Make) -> None:
    make(("seed", "1..9"), per_minute=24)
    make(("seed", "11..19"), per_minute=24)
    assert starting.start_due() == 2  # a twelfth of a minute's pace within five seconds
    start_all()
    assert Run.objects.count() == 18
    make(("seed", "21..29"), per_minute=20)
    start_all()
    assert Run.objects.count() == 20


def test_a_rate_limited_cell_gets_a_linked_run_at_most_five_times(make: Make) -> None:
    sweep = make(("seed", "7"))
    for waits in range(6):
        assert starting.start_due() == 1
        run = SweepCell.objects.get().run
        end(run, State.REFUSED, status=429, error_kind="rate_limited")
        assert starting.start_due() == 0
        cell = SweepCell.objects.get()
        if waits < 5:
            assert cell.not_before is not None
            assert cell.not_before > timezone.now()
            past = timezone.now() - timedelta(seconds=1)
            SweepCell.objects.update(not_before=past)
            Sweep.objects.update(not_before=past)
            SweepRun.objects.update(started_at=timezone.now() - timedelta(minutes=2))
    assert Run.objects.count() == 6
    assert RunLink.objects.filter(why=RunLink.Why.RATE_LIMITED).count() == 5
    sweep.refresh_from_db()
    assert sweep.state == Sweep.State.FINISHED


@pytest.mark.parametrize("state", [State.FAILED, State.UNKNOWN, State.NOT_SENT, State.REFUSED])
def test_nothing_else_is_repeated_but_by_a_click(make: Make, bob: Membership, state: State) -> None:
    sweep = make(("seed", "7"))
    start_all()
    cell = SweepCell.objects.get()
    end(cell.run, state, status=500)
    start_all()
    assert Run.objects.count() == 1
    assert sweeps.run_again(membership=bob, sweep=sweep, cells=[cell.id]) == 1
    assert sweeps.run_again(membership=bob, sweep=sweep, cells=[cell.id]) == 0
    start_all()
    assert RunLink.objects.get().earlier_id == cell.run_id
    assert Run.objects.count() == 2


def test_a_stop_takes_back_what_was_not_sent_and_a_resume_goes_on(make: Make, bob: Membership) -> None:
    sweep = make(("seed", "1..9"))
    starting.start_due()
    assert Run.objects.count() == 4
    end(Run.objects.order_by("id").first(), State.SUCCEEDED)
    assert sweeps.stop(membership=bob, sweep=sweep) == 3
    start_all()
    assert Run.objects.count() == 4
    sweeps.resume(membership=bob, sweep=sweep, cap_usd=None, cap_runs=500, per_minute=50)
    start_all()
    assert Run.objects.exclude(state=State.CANCELLED).count() == 9
    assert SweepCell.objects.filter(run__state=State.CANCELLED).count() == 0


def succeed(sweep: Sweep) -> None:
    for cell in sweep.cells.exclude(run=None).select_related("run"):
        end(cell.run, State.SUCCEEDED, cost=Decimal("0.1"), cost_source="header")


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        ({"cap_runs": 2}, "The cap of 2 runs is reached."),
        ({"cap_usd": Decimal("0.1")}, "could pass the cap of $ 0.1000"),
    ],
)
def test_a_cap_stops_it_with_a_reason(make: Make, caps: dict[str, Any], words: str) -> None:
    sweep = make(("seed", "1..9"), **caps)
    start_all()
    sweep.refresh_from_db()
    begun = Run.objects.count()
    assert begun in (1, 2)
    # What is under way holds more than it may cost, and may be free: that is waited for.
    assert (sweep.state, sweep.reason) == (Sweep.State.RUNNING, "")
    succeed(sweep)
    start_all()
    sweep.refresh_from_db()
    assert sweep.state == Sweep.State.STOPPED
    assert words in sweep.reason
    assert Run.objects.count() == begun


def test_the_suggested_cap_lets_all_of_it_run(make: Make, bob: Membership) -> None:
    plan = sweeps.plan(
        membership=bob,
        mode="sandbox",
        endpoint=SLUG,
        text=TEXT,
        rows=[("seed", "1..4"), ("duration", "5\n10")],
    )
    sweep = make(("seed", "1..4"), ("duration", "5\n10"), cap_usd=plan.suggested_cap)
    start_all()
    assert (sweep.cells.exclude(run=None).count(), plan.count) == (8, 8)


def test_what_was_sent_is_forgotten_when_the_teams_time_is_over(make: Make, bob: Membership) -> None:
    sweep, kept = make(("seed", "1..2")), make(("seed", "3..4"))
    sweeps.stop(membership=bob, sweep=sweep)
    bob.team.keep_text_days = 7
    bob.team.save()
    Sweep.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert (retention.apply(), retention.apply()) == (1, 0)
    sweep.refresh_from_db()
    kept.refresh_from_db()
    assert (sweep.text, sweep.fields, kept.text) == ("", [], TEXT)
    assert set(map(tuple, sweep.cells.values_list("literals", flat=True))) == {()}
    assert not sweep.may_change(bob)


def test_a_budget_stops_it_and_more_lets_it_go_on(people: People, make: Make, bob: Membership) -> None:
    cap(people, None, runs=2)
    sweep = make(("seed", "1..3"))
    start_all()
    sweep.refresh_from_db()
    assert sweep.state == Sweep.State.STOPPED
    assert "has nothing of 2 runs left" in sweep.reason
    assert Run.objects.count() == 2
    sweeps.resume(membership=bob, sweep=sweep, cap_usd=None, cap_runs=500, per_minute=50)
    start_all()
    sweep.refresh_from_db()
    assert (sweep.state, Run.objects.count()) == (Sweep.State.STOPPED, 2)


def test_a_frozen_person_and_a_revoked_key_stop_it(people: People, make: Make, key: ApiKey) -> None:
    frozen = make()
    freezes.freeze(
        membership=people.membership("alice"),
        target=people.membership("bob"),
        mode="sandbox",
        reason="A loop",
    )
    start_all()
    frozen.refresh_from_db()
    assert "A loop" in frozen.reason
    revoked = make()
    keys.revoke_key(membership=people.membership("bob"), key=key)
    start_all()
    revoked.refresh_from_db()
    assert "no longer available" in revoked.reason


def test_only_its_person_spends_and_picks(people: People, make: Make) -> None:
    sweep = make()
    for name in ("alice", "audrey"):
        with pytest.raises(sweeps.SweepProblem):
            sweeps.run_again(membership=people.membership(name), sweep=sweep, cells=[])
    with pytest.raises(sweeps.SweepProblem):
        sweeps.stop(membership=people.membership("audrey"), sweep=sweep)
    sweeps.stop(membership=people.membership("alice"), sweep=sweep)
