import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Mode
from playground.runs import history
from playground.runs.models import Billing, Run, State
from tests.personas import LIVE_TEXT, People, Persona, make_key
from tests.runs.factories import id_at, make_run, refused, unknown

pytestmark = pytest.mark.django_db

URL = "/t/studio/sandbox/history/"


def html(persona: Persona, query: str = "", url: str = URL) -> str:
    response = persona.client().get(f"{url}{query}")
    assert response.status_code == 200
    return response.content.decode()


def shown(persona: Persona, query: str = "") -> set[uuid.UUID]:
    response = persona.client().get(f"{URL}{query}")
    assert response.status_code == 200
    return {row.run.id for row in response.context["rows"]}


# -- who


def test_everybody_in_the_team_sees_it_and_nobody_else(people: People) -> None:
    make_run(people.membership("bob"))
    for persona in (people.alice, people.adam, people.bob, people.audrey):
        assert "seedream-4.5" in html(persona)
    assert people.charlie.client().get(URL).status_code == 404
    assert people.nobody.client().get(URL).status_code == 302


def test_own_runs_only(people: People) -> None:
    people.team.own_runs_only = True
    people.team.save()
    of_bob, of_alice = make_run(people.membership("bob")), make_run(people.membership("alice"))
    assert shown(people.bob) == {of_bob.id}
    assert shown(people.adam) == {of_bob.id, of_alice.id}
    assert shown(people.audrey) == {of_bob.id, of_alice.id}
    assert shown(people.bob, f"?person={people.alice.user.id}") == {of_bob.id}


def test_modes_never_mix(people: People) -> None:
    alice = people.membership("alice")
    here = make_run(alice)
    live = make_run(alice, key=make_key(alice, text=LIVE_TEXT))
    assert live.mode == Mode.LIVE
    assert shown(people.alice) == {here.id}
    assert live.endpoint in html(people.alice, url="/t/studio/live/history/")


# -- rows


def test_the_columns_say_what_is_known(people: People) -> None:
    alice = people.membership("alice")
    make_run(alice, cost="0.000027")
    make_run(alice, cost=None, reason="cost_missing")
    unknown(alice)
    refused(alice, 406, "Insufficient credits. Balance: 0.11, required: 0.18", "credits")
    refused(alice, 422, "prompt is mandatory", "job_failed")
    text = html(people.alice)
    assert 'title="$ 0.000027">$ 0.000027' in text
    assert "no cost in the answer" in text
    assert "connection lost after send" in text
    assert "credits: has 0.11, needs 0.18" in text
    assert "“prompt is mandatory”" in text
    assert "$ 0.0000<" not in text


def test_a_rate_limit_says_when_it_resets_in_the_teams_zone(people: People) -> None:
    reset = timezone.now() + timedelta(seconds=40)
    header = [["x-rate-limit-reset-at-utc", str(int(reset.timestamp()))]]
    refused(people.membership("bob"), 429, "Too many requests", "rate_limited", headers=header)
    assert f"limit resets {reset.astimezone(people.team.zone):%H:%M:%S}" in html(people.bob)


def test_a_balance_is_shown_only_to_those_who_may_see_it(people: People) -> None:
    text = "Insufficient credits. Balance: 0.11, required: 0.18"
    refused(people.membership("bob"), 406, text, "credits")
    assert "has 0.11" in html(people.bob)
    for other in (people.alice, people.adam, people.audrey):
        page = html(other)
        assert "has 0.11" not in page
        assert "Balance" not in page
        assert "needs 0.18" in page


def test_an_auditor_sees_money_and_evidence_but_no_words(people: People) -> None:
    refused(people.membership("bob"), 422, "secret words of the model", "job_failed")
    make_run(people.membership("bob"), request_text='{"prompt": "secret harbour"}')
    page = html(people.audrey)
    assert "secret" not in page
    assert "$ 0.0400" in page
    assert "job failed" in page


def test_unfinished_rows_are_live_and_the_first_page_follows(people: People) -> None:
    run = make_run(people.membership("bob"), state=State.SENDING, billing=Billing.PENDING, status=None)
    page = html(people.bob)
    assert f'data-live-run="{run.id}"' in page
    assert 'data-live="true"' in page
    assert "data-live-follow" in page
    assert "data-live-follow" not in html(people.bob, f"?before={id_at(timezone.now() + timedelta(days=1))}")


def test_a_row_alone(people: People) -> None:
    run = make_run(people.membership("bob"))
    assert html(people.bob, url=f"{URL}{run.id}/row/").strip().startswith("<tr")
    assert people.charlie.client().get(f"{URL}{run.id}/row/").status_code == 404
    people.team.own_runs_only = True
    people.team.save()
    of_alice = make_run(people.membership("alice"))
    assert people.bob.client().get(f"{URL}{of_alice.id}/row/").status_code == 404


def test_empty_states_say_what_to_do(people: People) -> None:
    assert "Open the playground" in html(people.bob)
    assert "Open the playground" not in html(people.audrey)
    make_run(people.membership("bob"))
    assert "Show everything" in html(people.bob, "?status=500")


# -- filters


@pytest.fixture
def runs(people: People) -> dict[str, Run]:
    alice, bob = people.membership("alice"), people.membership("bob")
    return {
        "good": make_run(alice, endpoint="kling-2.6", request_text='{"prompt": "a red lighthouse"}'),
        "refused": refused(
            bob, 406, "duration must be one of 5, 10", "rejected_value", request_id="req-77aabbcc"
        ),
        "unknown": unknown(bob),
        "nocost": make_run(alice, cost=None, reason="cost_missing", source="demo"),
        "old": make_run(bob, ago=timedelta(days=3), request_text='{"prompt": "an old harbour"}'),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?endpoint=kling-2.6", {"good"}),
        ("?billing=billed", {"good", "nocost", "old"}),
        ("?billing=unknown", {"unknown"}),
        ("?billing=not_billed", {"refused"}),
        ("?needs=person", {"unknown", "nocost"}),
        ("?state=refused", {"refused"}),
        ("?status=406", {"refused"}),
        ("?source=demo", {"nocost"}),
        ("?q=lighthouse", {"good"}),
        ("?q=red+lighthouse", {"good"}),
        ("?q=lighthouse+-red", set()),
        ("?q=duration", {"refused"}),
        ("?q=req-77aabbcc", {"refused"}),
        ("?q=nothing", set()),
        ("?billing=billed&endpoint=kling-2.6&q=red", {"good"}),
        ("?status=200&state=refused", set()),
    ],
)
def test_filters(people: People, runs: dict[str, Run], query: str, expected: set[str]) -> None:
    assert shown(people.alice, query) == {runs[name].id for name in expected}


def test_person_and_key(people: People, runs: dict[str, Run]) -> None:
    assert shown(people.alice, f"?person={people.alice.user.id}") == {runs["good"].id, runs["nocost"].id}
    key = runs["good"].api_key_id
    assert shown(people.alice, f"?key={key}") == {runs["good"].id, runs["nocost"].id}
    assert shown(people.alice, f"?q={runs['old'].id}") == {runs["old"].id}


def test_somebody_who_left_can_still_be_chosen(people: People, runs: dict[str, Run]) -> None:
    bob = people.membership("bob")
    query = f"?person={people.bob.user.id}"
    bob.delete()
    assert shown(people.alice, query) == {runs["refused"].id, runs["unknown"].id, runs["old"].id}
    assert "Person: Bob" in html(people.alice, query)


def test_days_are_the_teams_days(people: People) -> None:
    bob = people.membership("bob")
    # 22:30 UTC on the second of June is half past midnight of the third in Berlin.
    late = datetime(2026, 6, 2, 22, 30, tzinfo=UTC)
    run = make_run(bob, ago=timezone.now() - late)
    assert shown(people.bob, "?from=2026-06-03&to=2026-06-03") == {run.id}
    assert shown(people.bob, "?from=2026-06-02&to=2026-06-02") == set()
    assert "Europe/Berlin" in html(people.bob)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?person=nonsense", "No run here has this person."),
        ("?person=7fd2630d-38da-4bd8-8b33-2a44313060c0", "No run here has this person."),
        ("?endpoint=never-run", "No run here has this model."),
        ("?key=1", "No run here has this key."),
        ("?state=gone", "Select a valid choice"),
        ("?status=abc", "Enter a whole number"),
        ("?status=99", "between 100 and 599"),
        ("?from=yesterday", "Enter a valid date"),
        ("?from=0001-01-01", "Choose a day from 1970 on."),
        ("?to=0001-01-01", "Choose a day from 1970 on."),
        ("?from=9999-12-31", "Choose an earlier day."),
        ("?from=2026-08-03&to=2026-08-01", "The last day is before the first one."),
        ("?q=a%00b", "Null characters are not allowed."),
        (f"?q={'x' * 300}", "at most 200 characters"),
    ],
)
def test_a_bad_value_gets_a_message_and_filters_nothing(people: People, query: str, message: str) -> None:
    run = make_run(people.membership("bob"), ago=timedelta(minutes=1))
    if "from=2026-08-03" in query:
        assert message in html(people.bob, query)
        return
    assert message in html(people.bob, query)
    assert shown(people.bob, query) == {run.id}


@pytest.mark.parametrize("query", ["?before=x", "?after=", "?before=&after=1", "?unknown=1", "?from=&to="])
def test_odd_addresses_are_no_error(people: People, query: str) -> None:
    run = make_run(people.membership("bob"))
    assert shown(people.bob, query) == {run.id}


def test_an_auditor_searches_ids_only(people: People, runs: dict[str, Run]) -> None:
    assert shown(people.audrey, "?q=lighthouse") == set()
    assert shown(people.audrey, "?q=duration") == set()
    assert shown(people.audrey, "?q=req-77aabbcc") == {runs["refused"].id}
    assert "searches request ids only" in html(people.audrey, "?q=lighthouse")


def test_words_are_looked_for_in_ninety_days_and_the_page_says_so(people: People) -> None:
    bob = people.membership("bob")
    make_run(bob, ago=timedelta(days=91), request_text='{"prompt": "ancient lighthouse"}')
    new = make_run(bob, ago=timedelta(days=89), request_text='{"prompt": "young lighthouse"}')
    assert shown(people.bob, "?q=lighthouse") == {new.id}
    assert "last 90 days" in html(people.bob, "?q=lighthouse")


# -- pages


def test_pages_by_keyset_lead_there_and_back(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGE", 3)
    bob = people.membership("bob")
    made = [make_run(bob, ago=timedelta(minutes=minute)).id for minute in range(8)]
    runs = history.select(bob, "sandbox", history.Filter())
    first = history.page(runs)
    assert [run.id for run in first.runs] == made[:3]
    assert (first.newer, first.older) == (None, made[2])
    second = history.page(runs, before=first.older)
    assert [run.id for run in second.runs] == made[3:6]
    third = history.page(runs, before=second.older)
    assert [run.id for run in third.runs] == made[6:]
    assert third.older is None
    back = history.page(runs, after=third.newer)
    assert [run.id for run in back.runs] == made[3:6]
    assert [run.id for run in history.page(runs, after=back.newer).runs] == made[:3]


def test_paging_keeps_the_filter(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGE", 1)
    make_run(people.membership("bob"), ago=timedelta(minutes=2))
    newest = make_run(people.membership("bob"))
    assert f'href="?billing=billed&amp;before={newest.id}"' in html(people.bob, "?billing=billed")


def test_ids_bound_a_period_exactly(people: People) -> None:
    moment = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    assert history.lowest_id(moment) <= id_at(moment)
    assert history.lowest_id(moment + timedelta(milliseconds=1)) > id_at(moment)


# -- queries


def test_the_number_of_queries_does_not_grow(people: People) -> None:
    bob = people.membership("bob")

    def queries() -> list[str]:
        client = people.alice.client()
        client.get(URL)
        with CaptureQueriesContext(connection) as captured:
            client.get(URL)
        return [query["sql"] for query in captured.captured_queries]

    make_run(bob)
    refused(bob, 500, "no", "server_error")
    few = queries()
    for _ in range(20):
        make_run(bob)
        refused(bob, 500, "no", "server_error")
    many = queries()
    assert len(many) == len(few) <= 11
    assert not any("OFFSET" in sql or "COUNT(" in sql for sql in many)


def fill(run: Run, count: int) -> None:
    """``count`` more rows like ``run``, a second apart, older than it."""
    copied = [
        str(field.column) for field in Run._meta.fields if field.name not in ("id", "token", "created_at")
    ]
    columns = ", ".join(copied)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO playground_run (id, token, created_at, {columns})
            SELECT (lpad(to_hex((extract(epoch FROM created_at - n * interval '1 second') * 1000)::bigint), 12, '0')
                    || '7000' || '8' || right(md5(n::text), 15))::uuid,
                   gen_random_uuid(), created_at - n * interval '1 second', {columns}
            FROM playground_run, generate_series(1, %s) AS n WHERE id = %s
            """,
            [count, run.id],
        )
        cursor.execute("ANALYZE playground_run")


def test_a_filter_without_a_match_walks_no_table(people: People) -> None:
    bob = people.membership("bob")
    fill(make_run(bob), 20_000)
    for chosen in (
        history.Filter(),
        history.Filter(person=people.audrey.user.id),
        history.Filter(endpoint="none"),
        history.Filter(key=uuid.uuid4()),
        history.Filter(status=503),
        history.Filter(needs_person=True),
        history.Filter(billing="unknown"),
        history.Filter(state="failed"),
        history.Filter(words="req-00000000"),
        history.Filter(start=timezone.now() - timedelta(minutes=1)),
    ):
        runs = history.select(bob, "sandbox", chosen).newest_first()[:51]
        plan = runs.explain(analyze=True, timing=False)
        assert "Seq Scan on playground_run " not in plan, (chosen, plan)
        read = [int(rows) for rows in re.findall(r"Rows Removed by Filter: (\d+)", plan)]
        assert sum(read) < 500, (chosen, plan)
