import hashlib
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import ApiKey, Membership
from playground.runs import execute, settling, store
from playground.runs.models import Billing, CostSource, Output, Run, State
from playground.runs.outcome import Arrived, Outcome
from playground.segmind import billing
from playground.segmind.reply import Answer
from tests.personas import People, make_key
from tests.runs.factories import PNG, make_run
from tests.runs.open_runs import on_its_way, queued
from tests.runs.threads import together

NASTY = "one\x00two \ud83d three"


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


@pytest.fixture
def key(bob: Membership) -> ApiKey:
    return make_key(bob)


def outcome(run: Run, verdict: billing.Verdict, **more: Any) -> Outcome:
    return Outcome.from_verdict(str(run.id), str(run.team_id), verdict, **more)


def billed(cost: str | None = "0.0400", **changes: Any) -> billing.Verdict:
    values: dict[str, Any] = {
        "cost": None if cost is None else Decimal(cost),
        "cost_source": None if cost is None else billing.CostSource.HEADER,
        "evidence": billing.evidence(submit_status=200, status=200, cost_text=cost),
        **changes,
    }
    return billing.Verdict(billing.State.SUCCEEDED, billing.Billing.BILLED, **values)


def accepted(job: str = "job-1") -> billing.Verdict:
    return billing.judge_v2_submit(Answer(200, (), f'{{"request_id": "{job}"}}'.encode(), 30))


def lost() -> billing.Verdict:
    return billing.judge_unknown("connection_lost")


def facts(run: Run) -> tuple[str, str, Decimal | None]:
    run.refresh_from_db()
    return run.state, run.billing, run.cost


def test_an_outcome_is_written_with_its_evidence(bob: Membership) -> None:
    run = on_its_way(bob)
    answer = Answer(
        200,
        (
            ("x-cost", "0.0123456789"),
            ("x-remaining-credits", "9.5"),
            ("x-request-id", "abc"),
            ("x-seed-value", "7"),
        ),
        b"{}",
        2,
    )
    verdict = billing.judge_v1(answer)
    execute.settle_many([outcome(run, verdict, submit_status=200, status=200, headers=list(answer.headers))])
    assert facts(run) == (State.SUCCEEDED, Billing.BILLED, Decimal("0.0123456789"))
    assert (run.cost_source, run.request_id, run.seed) == (CostSource.HEADER, "abc", "7")
    assert (run.status, run.submit_status, run.rule_version) == (200, 200, billing.RULE_VERSION)
    assert run.evidence["cost_text"] == "0.0123456789"
    assert run.evidence["balance_text"] == "9.5"
    assert run.finished_at is not None
    assert ["x-cost", "0.0123456789"] in run.text.response_headers


@pytest.mark.parametrize(
    "cost", ["0", "0.0000000001", "1E-10", "9999999999.9999999999", "0.1234567891", "8.40", "1e3"]
)
def test_money_is_exact_to_ten_places(bob: Membership, cost: str) -> None:
    run = on_its_way(bob)
    execute.settle_many([outcome(run, billed(cost))])
    assert facts(run)[2] == Decimal(cost)


def test_the_second_outcome_changes_nothing(bob: Membership) -> None:
    run = on_its_way(bob)
    assert execute.settle_many([outcome(run, billed("0.04"))]) == 1
    before = Run.objects.filter(id=run.id).values().get()
    for later in (billed("0.08"), lost(), accepted(), billing.judge_not_sent("connect_failed")):
        assert execute.settle_many([outcome(run, later, next_poll=1.0 if later.request_id else None)]) == 0
    assert Run.objects.filter(id=run.id).values().get() == before


@pytest.mark.parametrize(
    "state", [State.SUCCEEDED, State.REFUSED, State.FAILED, State.CANCELLED, State.NOT_SENT]
)
def test_what_is_final_never_moves(bob: Membership, state: State) -> None:
    paid = Billing.BILLED if state == State.SUCCEEDED else Billing.NOT_BILLED
    run = make_run(bob, state=state, billing=paid)
    before = facts(run)
    assert execute.settle_many([outcome(run, billed("1"))]) == 0
    assert facts(run) == before


def test_what_waits_in_the_queue_is_not_settled(bob: Membership, key: ApiKey) -> None:
    run = queued(bob, key)[0]
    assert execute.settle_many([outcome(run, billed())]) == 0


def test_a_late_answer_ends_the_doubt_and_its_reason(bob: Membership) -> None:
    run = on_its_way(bob)
    execute.settle_many([outcome(run, billing.judge_unknown("sender_gone"))])
    assert facts(run) == (State.UNKNOWN, Billing.UNKNOWN, None)
    assert run.evidence["reason"] == "sender_gone"
    execute.settle_many([outcome(run, billed("0.04"))])
    assert facts(run) == (State.SUCCEEDED, Billing.BILLED, Decimal("0.04"))
    assert "reason" not in run.evidence
    assert run.error_kind == ""


def test_a_second_doubt_changes_nothing(bob: Membership) -> None:
    run = on_its_way(bob)
    execute.settle_many([outcome(run, lost())])
    assert execute.settle_many([outcome(run, billing.judge_unknown("sender_gone"))]) == 0
    run.refresh_from_db()
    assert run.evidence["reason"] == "connection_lost"


def test_proof_replaces_what_a_person_said_and_then_stays(people: People) -> None:
    bob, alice = people.membership("bob"), people.membership("alice")
    run = on_its_way(bob)
    execute.settle_many([outcome(run, lost())])
    settling.settle_by_person(
        run=run, actor=alice.user, billed=False, cost=None, reason="The balance is the same."
    )
    execute.settle_many([outcome(run, billed("0.04"))])
    assert facts(run) == (State.SUCCEEDED, Billing.BILLED, Decimal("0.04"))
    assert not settling.may_be_settled(run)


def test_a_late_acceptance_revives_a_run_that_was_given_up(bob: Membership) -> None:
    run = on_its_way(bob)
    execute.settle_many([outcome(run, billing.judge_unknown("sender_gone"))])
    execute.settle_many([outcome(run, accepted(), next_poll=1.0, submit_status=200)])
    assert facts(run) == (State.ACCEPTED, Billing.PENDING, None)
    assert (run.request_id, run.finished_at, run.submit_status) == ("job-1", None, 200)
    assert run.next_poll_at is not None
    assert "reason" not in run.evidence


def test_a_stale_poll_does_not_revive_a_job_that_was_given_up(bob: Membership) -> None:
    run = on_its_way(bob, State.ACCEPTED, accepted_at=timezone.now(), request_id="job-1")
    execute.settle_many([outcome(run, billing.judge_unknown("vanished", request_id="job-1"))])
    still = Outcome(
        str(run.id),
        str(run.team_id),
        "accepted",
        "pending",
        request_id="job-1",
        next_poll=1.0,
        at=time.time(),
    )
    assert execute.settle_many([still]) == 0
    assert facts(run)[0] == State.UNKNOWN
    assert execute.settle_many([outcome(run, billed("0.5"))]) == 1


def test_giving_up_a_sender_does_not_touch_a_run_that_has_moved_on(bob: Membership) -> None:
    run = on_its_way(bob, State.ACCEPTED, accepted_at=timezone.now())
    assert execute.settle_many([outcome(run, billing.judge_unknown(execute.SENDER_GONE))]) == 0
    assert facts(run)[0] == State.ACCEPTED


def test_polls_are_counted_and_what_the_submit_showed_stays(bob: Membership) -> None:
    run = on_its_way(bob)
    execute.settle_many([outcome(run, accepted(), next_poll=1.0, submit_status=200)])
    still = Outcome(str(run.id), str(run.team_id), "accepted", "pending", next_poll=2.0, at=time.time())
    for _ in range(3):
        execute.settle_many([still])
    final = billing.judge_unknown("vanished", submit_status=200, answer=Answer(404, (), b"{}", 2))
    execute.settle_many([outcome(run, final, status=404)])
    run.refresh_from_db()
    assert (run.polls, run.submit_status, run.status, run.request_id) == (3, 200, 404, "job-1")
    assert (run.evidence["submit_status"], run.evidence["request_id"]) == (200, "job-1")


def test_odd_characters_of_the_provider_are_stored_as_something_else(bob: Membership) -> None:
    run = on_its_way(bob)
    verdict = billing.Verdict(
        billing.State.REFUSED,
        billing.Billing.NOT_BILLED,
        error_kind="refused",
        error_text=NASTY,
        seed=NASTY,
        request_id=NASTY,
        evidence={**billing.evidence(status=400), "seed_text": NASTY},
    )
    execute.settle_many([outcome(run, verdict, response_text="fine", status=400)])
    run.refresh_from_db()
    for text in (run.text.error_text, run.seed, run.request_id, run.evidence["seed_text"]):
        assert text.startswith("one\ufffdtwo ")
        assert text.endswith(" three")


def test_words_of_an_error_can_be_searched(bob: Membership) -> None:
    run = on_its_way(bob)
    refusal = billing.judge_v1(Answer(400, (), b'{"error": "Prompt may not name lanterns"}', 30))
    execute.settle_many([outcome(run, refusal, status=400)])
    assert Run.objects.filter(id=run.id, text__search=SearchQuery("lanterns", config="simple")).exists()


def test_texts_that_were_erased_meanwhile_stay_erased(bob: Membership) -> None:
    run = on_its_way(bob)
    type(run.text).objects.filter(run=run).update(erased_at=timezone.now(), request_text="")
    execute.settle_many([outcome(run, billed(), response_text="words")])
    assert facts(run)[0] == State.SUCCEEDED
    run.text.refresh_from_db()
    assert run.text.response_text == ""


def test_a_run_that_is_gone_does_not_keep_the_others_waiting(bob: Membership) -> None:
    run = on_its_way(bob)
    stranger = Outcome(str(uuid.uuid4()), str(bob.team_id), "succeeded", "billed", at=time.time())
    assert execute.settle_all([stranger, outcome(run, billed())]) == 1
    assert facts(run)[0] == State.SUCCEEDED


def spooled(data: bytes = PNG) -> Arrived:
    name = str(uuid.uuid4())
    store.spool_path(name).write_bytes(data)
    return Arrived("", name, hashlib.sha256(data).hexdigest(), len(data), "image/png", "image")


def _cost_without_source(good: Outcome) -> Outcome:
    return good.adding(cost="1", cost_source="")


def _words_that_break(good: Outcome) -> Outcome:
    return good.adding(response_text=NASTY)


@pytest.mark.parametrize("spoil", [_cost_without_source, _words_that_break])
def test_one_bad_row_costs_the_others_nothing(bob: Membership, spoil: Callable[[Outcome], Outcome]) -> None:
    runs = [on_its_way(bob) for _ in range(4)]
    outcomes = [
        outcome(run, billed(), outputs=[spooled(PNG + bytes([n]))], output_kind="image")
        for n, run in enumerate(runs)
    ]
    outcomes[1] = spoil(outcomes[1])
    execute.settle_all(outcomes)
    good = [runs[0], runs[2], runs[3]]
    assert {facts(run)[0] for run in good} == {State.SUCCEEDED}
    # The failed batch had moved the bytes already; the rows still find them.
    assert set(Output.objects.filter(run__in=good).values_list("state", flat=True)) == {Output.State.COPIED}
    assert Output.objects.filter(run__in=good).count() == 3


def test_a_row_whose_words_cannot_be_written_keeps_its_money(bob: Membership) -> None:
    run = on_its_way(bob)
    execute.settle_all([outcome(run, billed("0.07"), response_text=NASTY, headers=[("x", NASTY)])])
    assert facts(run) == (State.SUCCEEDED, Billing.BILLED, Decimal("0.07"))
    assert run.text.response_text == ""


def test_a_row_that_cannot_be_written_at_all_stays_open_for_the_deadline(bob: Membership) -> None:
    run = on_its_way(bob)
    assert execute.settle_all([_cost_without_source(outcome(run, billed()))]) == 0
    assert facts(run)[0] == State.SENDING


@pytest.mark.django_db(transaction=True)
def test_batches_that_share_rows_never_wait_in_a_circle(bob: Membership) -> None:
    runs = [on_its_way(bob) for _ in range(30)]
    batches = [
        [outcome(run, billed()) for run in order] for order in (runs, runs[::-1], runs[::2] + runs[1::2]) * 2
    ]
    moved = together(*[partial(execute.settle_many, batch) for batch in batches])
    assert sum(moved) == 30
    assert Run.objects.filter(state=State.SUCCEEDED).count() == 30


@pytest.mark.django_db(transaction=True)
def test_of_outcomes_at_once_one_is_written_with_its_own_words(bob: Membership) -> None:
    run = on_its_way(bob)
    rivals = [outcome(run, billed(f"0.0{n}"), response_text=f"answer 0.0{n}") for n in range(1, 9)]
    moved = together(*[partial(execute.settle_many, [rival]) for rival in rivals])
    assert sorted(moved) == [0] * 7 + [1]
    cost = facts(run)[2]
    assert cost is not None
    assert run.text.response_text == f"answer {cost:.2f}"


def test_a_batch_is_a_handful_of_statements_whatever_its_size(
    bob: Membership, django_assert_max_num_queries: Any
) -> None:
    runs = [on_its_way(bob) for _ in range(50)]
    with django_assert_max_num_queries(6):
        execute.settle_many([outcome(run, billed()) for run in runs])


def test_watchers_hear_of_it_after_the_commit(
    bob: Membership, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    run = on_its_way(bob)
    with django_capture_on_commit_callbacks() as callbacks:
        execute.settle_many([outcome(run, billed())])
        assert connection.in_atomic_block
    assert len(callbacks) == 1
