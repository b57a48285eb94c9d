"""One run for each row of a table: read before anything is sent, priced, made once, stopped at a refusal."""

import tracemalloc
import uuid
from decimal import Decimal

import pytest

from accounts.models import Membership
from playground.ledger import budgets
from playground.payloads import rows
from playground.payloads.models import Payload, PayloadVersion
from playground.payloads.rows import TableProblem
from playground.payloads.saving import save_payload
from playground.payloads.stats import of_payloads, of_versions
from playground.payloads.variables import Kind, Variable, from_data
from playground.runs.models import Run, RunText
from tests.personas import People, make_key
from tests.runs.factories import make_run, refused

DECLARED = [Variable("animal"), Variable("seed", Kind.INTEGER, "7")]
TEXT = '{"prompt": "A {{animal}}", "seed": "{{seed}}"}'


@pytest.fixture
def version(bob: Membership) -> PayloadVersion:
    payload = save_payload(
        membership=bob,
        name="Animals",
        endpoint="painter",
        version=1,
        text=TEXT,
        variables=DECLARED,
        run_tag="zoo",
    )
    return payload.versions.get()


def plan(bob: Membership, version: PayloadVersion, table: str) -> rows.Plan:
    read = rows.read(table, from_data(version.variables))
    return rows.plan(membership=bob, mode="sandbox", version=version, table=read)


def test_each_row_is_a_text(bob: Membership, version: PayloadVersion) -> None:
    made = plan(bob, version, '\ufeffseed;animal;note\r\n1;"red; fox";x\r\n;owl;y\r\n')
    assert tuple(made.texts) == (
        '{"prompt": "A red; fox", "seed": 1}',
        '{"prompt": "A owl", "seed": 7}',
    )
    assert made.table.unused == ("note",)


def test_the_price_is_for_all_rows(bob: Membership, version: PayloadVersion) -> None:
    for cost in ("0.0300", "0.0500"):
        make_run(bob, endpoint="painter", cost=cost)
    assert plan(bob, version, "animal\nfox\nowl\n").price == "$ 0.0600 to 0.1000"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "empty"),
        (",\n", "empty"),
        (" ; \n;\n", "empty"),
        ("animal\n", "first line only"),
        ("beast\nfox\n", "No column names a variable of this payload (animal, seed)"),
        ("animal,animal\na,b\n", "Two columns are called animal"),
        ("animal,\na,b\n", "Column 2 has no name"),
        ("animal,seed\nfox\n", "Row 1 has 1 cell where"),
        ("animal,seed\nfox,1\nowl,many\n", "Row 2: seed has to be a whole number"),
        ("seed\n1\n", "Row 1: Give a value for animal."),
        ("animal\n" + "fox\n" * 501, "501 rows; the most is 500"),
        ('animal\n"fox', "no table"),
    ],
)
def test_a_table_that_cannot_be_run(bob: Membership, version: PayloadVersion, table: str, words: str) -> None:
    with pytest.raises(TableProblem) as caught:
        plan(bob, version, table)
    assert words in str(caught.value)
    assert not Run.objects.exists()


def send(bob: Membership, plan: rows.Plan, token: uuid.UUID) -> rows.Sent:
    key = bob.team.api_keys.filter(owner=bob.user).first() or make_key(bob)
    return rows.send(membership=bob, plan=plan, api_version=1, key=key, token=token)


def test_a_plan_of_many_rows_is_no_larger_than_its_payload(bob: Membership) -> None:
    text = '{"prompt": "{{animal}}", "mask": "%s"}' % ("x" * 100_000)
    payload = save_payload(
        membership=bob, name="Large", endpoint="painter", version=1, text=text, variables=DECLARED
    )
    version = payload.versions.get()
    tracemalloc.start()
    made = plan(bob, version, "animal\n" + "fox\n" * 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.count == 20
    assert peak < 10 * len(text)


def test_a_double_click_makes_each_run_once(bob: Membership, version: PayloadVersion) -> None:
    made, token = plan(bob, version, "animal\nfox\nowl\nfox\n"), uuid.uuid4()
    first, second = send(bob, made, token), send(bob, made, token)
    assert [run.id for run in first.runs] == [run.id for run in second.runs]
    assert Run.objects.count() == 3
    assert set(Run.objects.values_list("source", "tag", "payload_version")) == {("rows", "zoo", version.id)}
    assert RunText.objects.get(run=first.runs[1]).request_text == list(made.texts)[1]


def test_a_budget_stops_the_rest(people: People, bob: Membership, version: PayloadVersion) -> None:
    terms = budgets.Terms(name="Two", limit_runs=2)
    budgets.make(membership=people.membership("alice"), mode="sandbox", terms=terms)
    sent = send(bob, plan(bob, version, "animal\na\nb\nc\nd\n"), uuid.uuid4())
    assert (len(sent.runs), sent.left) == (2, 2)
    assert sent.problem is not None
    assert sent.problem.refused is not None
    assert Run.objects.count() == 2


def test_the_pages_ask_show_the_price_and_send(
    people: People, bob: Membership, version: PayloadVersion
) -> None:
    client, key = people.bob.client(), make_key(bob)
    address = f"/t/studio/sandbox/payloads/{version.payload_id}/rows/"
    assert "animal,seed" not in client.get(address).content.decode().split("<textarea")[0]
    data = {
        "table": "animal\nfox\n",
        "version": "1",
        "key": str(key.id),
        "token": str(uuid.uuid4()),
        "base": "1",
    }
    page = client.post(address, data)
    assert "Run 1 row?" in page.content.decode()
    assert not Run.objects.exists()
    for _ in range(2):
        assert client.post(address, {**data, "confirm": "1"}).status_code == 302
    assert Run.objects.get().cost is None
    wrong = client.post(address, {**data, "table": "animal,seed\nfox,x\n"})
    assert wrong.status_code == 422
    assert "Row 1: seed has to be a whole number" in wrong.content.decode()


def test_figures_are_of_this_mode_and_of_what_one_may_see(
    people: People, bob: Membership, version: PayloadVersion
) -> None:
    make_run(bob, endpoint="painter", cost="0.02", payload_version=version, seconds=3)
    make_run(bob, endpoint="painter", cost="0.04", payload_version=version, seconds=5)
    refused(
        people.membership("alice"), 400, "No.", "bad_request", endpoint="painter", payload_version=version
    )
    mine = of_versions(membership=bob, mode="sandbox", versions=[version])[version.id]
    assert (mine.runs, mine.rate, mine.cost) == (3, 67, Decimal("0.03"))
    assert mine.seconds == pytest.approx(3.8)
    people.team.own_runs_only = True
    people.team.save()
    bob.team.refresh_from_db()
    payload = Payload.objects.get()
    assert of_payloads(membership=bob, mode="sandbox", payloads=[payload])[payload.id].runs == 2
    assert of_versions(membership=bob, mode="live", versions=[version]) == {}
