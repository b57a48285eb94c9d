"""Every fault the sandbox has, and what the run must say about it: state, billing, cost and reason.

All runs are sent at once, each with a key of its own, so that the sandbox's books tell which POST was whose.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from playground.runs.models import Run
from playground.sandbox.faults import FAULTS
from tests.promises.house import House, Row, until

REFUSED = ("refused", "not_billed")
BILLED = ("succeeded", "billed")
FAILED = ("failed", "not_billed")
DOUBT = ("unknown", "unknown")


@dataclass(frozen=True)
class Case:
    """A fault on a version, and what must be known afterwards.

    ``cost`` is "charged" where it must equal what the books charged, None where it must be unknown, else itself.
    """

    fault: str
    version: int
    ends: tuple[str, str]
    cost: str | None = None
    reason: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    age: int = 0  # seconds that pass once the provider has accepted the job
    outputs: tuple[str, ...] | None = None
    status: int | None = None

    @property
    def id(self) -> str:
        more = "-".join(str(value)[:20] for value in self.params.values())
        return f"v{self.version}-{self.fault or 'good'}{'-' if more else ''}{more}"


def v1(fault: str, ends: tuple[str, str], cost: str | None = None, reason: str = "", **more: Any) -> Case:
    return Case(fault, 1, ends, cost, reason, **more)


def v2(fault: str, ends: tuple[str, str], cost: str | None = None, reason: str = "", **more: Any) -> Case:
    return Case(fault, 2, ends, cost, reason, **more)


STATUSES = tuple(name for name in FAULTS if name.startswith(("status_4", "status_5")))

CASES = [
    v1("", BILLED, "charged", outputs=("copied",)),
    v2("", BILLED, "charged", outputs=("copied",)),
    v1("delay", BILLED, "charged", params={"ms": 300}),
    # Nothing after the claim proves that the request did not arrive, but for a connection that never came up.
    v1("delay", DOUBT, reason="read_timeout", params={"ms": 8000}),
    v2("delay", DOUBT, reason="read_timeout", params={"ms": 8000}),
    *[
        case(name, DOUBT, reason=reason)
        for case in (v1, v2)
        for name, reason in (
            ("drop_after_body", "connection_lost"),
            ("drop_after_charge", "connection_lost"),
            ("garbage_status_line", "garbage_answer"),
        )
    ],
    # A refusal is free, whatever its text or type.
    *[
        case(name, REFUSED, reason="refused")
        for case in (v1, v2)
        for name in STATUSES
        if "_status" not in name
    ],
    v1("status_429", REFUSED, reason="refused", params={"reset_format": "garbage"}),
    v1("redirect", REFUSED, reason="refused", params={"to": "http://127.0.0.1:9/"}, status=302),
    v2("redirect", REFUSED, reason="refused", params={"to": "http://127.0.0.1:9/"}, status=302),
    # 200 with x-cost is billed even if the body was cut, too large or odd.
    v1("drop_mid_body", BILLED, "charged", "body_cut", outputs=("lost",)),
    v1("huge_body", BILLED, "charged", "body_too_large", params={"bytes": 8_000_000}, outputs=("lost",)),
    v1("gzip_body", BILLED, "charged", "body_too_large", params={"bytes": 8_000_000}, outputs=("lost",)),
    v1("truncated_body", BILLED, "charged", outputs=("copied",)),
    v1("empty_body", BILLED, "charged", "empty_200", outputs=()),
    v1("slow_drip", BILLED, "charged", params={"bytes": 65536, "ms": 20}, outputs=("copied",)),
    v1("wrong_content_type", BILLED, "charged", outputs=("copied",)),
    v1("no_content_type", BILLED, "charged", outputs=("copied",)),
    v1("html_200", BILLED, "charged", "html_in_200", params={"charge": True}, outputs=()),
    v1("json_error_200", ("failed", "billed"), "charged", "json_error_in_200", params={"charge": True}),
    # 200 without a usable cost is billed, cost unknown; with an error inside and no cost it is a doubt.
    v1("html_200", DOUBT, reason="html_in_200"),
    v1("json_error_200", DOUBT, reason="json_error_in_200"),
    v2("html_200", DOUBT, reason="no_id"),
    v2("json_error_200", DOUBT, reason="json_error_in_200"),
    v1("cost_missing", BILLED, None, "cost_missing"),
    *[
        case(name, BILLED, None, "cost_unreadable")
        for case in (v1, v2)
        for name in ("cost_negative", "cost_nan", "cost_infinite", "cost_text", "cost_huge", "cost_comma")
    ],
    v1("cost_long", BILLED, "0.1234567890"),
    v2("cost_long", BILLED, "0.1234567890"),
    v2("cost_missing", BILLED, None, "cost_missing"),
    v2("status_without_metrics", BILLED, None, "cost_missing"),
    # v2: only a vanished record is a doubt; all else passes.
    v2("job_fails", FAILED, reason="job_failed"),
    v2("job_flaps", BILLED, "charged"),
    v2("job_late", BILLED, "charged", params={"ms": 1500}),
    v2("foreign_urls", BILLED, "charged"),
    v2("submit_without_id", DOUBT, reason="no_id"),
    v2("drop_mid_body", DOUBT, reason="body_lost"),
    v2("empty_body", DOUBT, reason="no_id"),
    v2("job_vanishes", DOUBT, reason="vanished", params={"after": 0}, age=40),
    v2("job_never_ends", DOUBT, reason="deadline", age=3700),
    v2("result_lost", BILLED, None, "result_lost", age=40),
    v2("result_lost", BILLED, None, "result_lost", params={"status": 500}, age=3700),
    *[
        v2(name, BILLED, "charged", params={"at": point, "times": 2, **more})
        for point in ("status", "result")
        for name, more in (
            ("status_401", {}),
            ("status_429", {}),
            ("status_502", {}),
            ("status_404", {}),
            ("html_200", {}),
            ("redirect", {"to": "http://127.0.0.1:9/"}),
            ("drop_after_body", {}),
            ("garbage_status_line", {}),
            ("truncated_body", {}),
        )
    ],
    v2("huge_body", BILLED, None, "body_too_large", params={"at": "result", "bytes": 20_000_000}),
]
# By slug only: the fault strikes before the body is read, and `key` in the control call limits it to one run.
BY_SLUG = [
    v1("drop_before_body", DOUBT, reason="connection_lost"),
    v2("drop_before_body", DOUBT, reason="connection_lost"),
]
ALL = CASES + BY_SLUG
# What the fault makes the provider say of the cost is not what it charged.
LIES = ("cost_long",)


@dataclass
class Sent:
    """One case at its end: our row, and what the sandbox's books say of its key."""

    case: Case
    key: str
    run: uuid.UUID
    row: Row
    outputs: list[tuple[str, str]]
    posts: int
    charged: Decimal


@pytest.fixture(scope="module")
def sent(house: House) -> Iterator[dict[str, Sent]]:
    """All cases, sent together and waited for."""
    begun: dict[str, tuple[Case, str, uuid.UUID]] = {}
    with house.django():
        for case in ALL:
            key, text = house.new_key()
            hints = {"_sandbox": {"fault": case.fault, **case.params}} if case.fault else {}
            if case in BY_SLUG:
                house.sandbox.fault("flux-schnell", case.fault, key=text, times=1)
                hints = {}
            begun[case.id] = case, text, house.send(key, version=case.version, body=hints)
    for case, _, run in begun.values():
        if case.age:
            house.wait_for(run, "accepted")
            house.stack.sql(
                "UPDATE playground_run SET accepted_at = accepted_at - make_interval(secs => %s) WHERE id = %s",
                case.age,
                run,
            )
    house.settle_down([run for _, _, run in begun.values()])
    # Whoever did not wait for an answer may still be charged for it.
    until(lambda: all(house.posts(text) for _, text, _ in begun.values()), "every POST to be in the books")
    yield {
        name: Sent(
            case, text, run, house.row(run), house.outputs(run), len(house.posts(text)), house.charged(text)
        )
        for name, (case, text, run) in begun.items()
    }
    house.sandbox.clear_faults()


@pytest.fixture
def one(sent: dict[str, Sent], request: pytest.FixtureRequest) -> Sent:
    return sent[request.param.id]


every_case = pytest.mark.parametrize("one", ALL, ids=[case.id for case in ALL], indirect=True)


def test_every_fault_of_the_sandbox_is_a_case() -> None:
    assert {case.fault for case in ALL} - {""} == set(FAULTS)
    assert len({case.id for case in ALL}) == len(ALL)


@every_case
def test_the_run_says_what_is_known(one: Sent) -> None:
    case, row = one.case, one.row
    assert (row.state, row.billing, row.reason) == (*case.ends, case.reason)
    if case.cost == "charged":
        assert one.charged > 0
        assert (row.cost, row.cost_source) == (one.charged, "header" if case.version == 1 else "metrics")
    else:
        assert row.cost == (None if case.cost is None else Decimal(case.cost))
    if case.status:
        assert row.status == case.status
    if case.outputs is not None:
        assert tuple(state for state, _ in one.outputs) == case.outputs


@every_case
def test_the_provider_got_it_once(one: Sent) -> None:
    assert one.posts == 1


def test_our_books_and_the_providers_differ_only_where_we_say_so(sent: dict[str, Sent]) -> None:
    different = {
        name
        for name, one in sent.items()
        if one.case.fault not in LIES and (one.row.cost or Decimal(0)) != one.charged
    }
    assert different
    assert all(sent[name].row.in_doubt for name in different)


def test_a_lost_copy_says_why(sent: dict[str, Sent]) -> None:
    reasons = {
        one.case.fault: reason for one in sent.values() for state, reason in one.outputs if state == "lost"
    }
    assert reasons["drop_mid_body"] == "The file arrived incomplete."
    assert reasons["huge_body"] == "The file is larger than 4 MB."


def test_both_statuses_of_a_job_are_kept(sent: dict[str, Sent]) -> None:
    row = sent["v2-job_fails"].row
    assert (row.submit_status, row.status) == (200, 422)
    assert (row.evidence["submit_status"], row.evidence["status"]) == (200, 422)


def test_what_needs_a_person_is_what_is_in_doubt(house: House, sent: dict[str, Sent]) -> None:
    with house.django():
        runs = Run.objects.filter(id__in=[one.run for one in sent.values()])
        listed = set(runs.needing_a_person().values_list("id", flat=True))
    assert listed == {one.run for one in sent.values() if one.row.in_doubt}
