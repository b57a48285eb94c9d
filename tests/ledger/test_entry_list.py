"""The ledger's page: newest day first, by pages, with the proof on top."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.core.cache import cache

from playground.ledger import checks, entry_page, sealing
from playground.ledger.models import Entry, LedgerCheck, Seal
from tests.ledger.books import learn, reserve
from tests.ledger.superuser import tamper
from tests.personas import People, ask_everyone, expect, make_key
from tests.runs.factories import make_run

TODAY = datetime.now(UTC).date()


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/sandbox/ledger/"


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def rows(page: str) -> list[str]:
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [words(row).strip() for row in body.split("</tr>")[:-1]]


def seal_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the test's own transaction, which never ends, had."""
    here = sealing.standing()
    done = sealing.Standing(here.cluster, here.next_number + 1, here.next_number + 1)
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "standing", lambda: done)
        assert sealing.seal_next() is not None


def test_who_may_open_it(people: People, url: str) -> None:
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=403, audrey=200)


def test_an_empty_ledger_says_so(people: People, url: str) -> None:
    page = words(people.audrey.client().get(url).text)
    assert "No entries yet" in page
    assert "Nothing is sealed yet" in page
    assert "Verified each night." in page


def test_entries_are_told_with_money_evidence_and_what_is_known_after_them(people: People, url: str) -> None:
    run = reserve(people.team.id, amount="0.25", person_label="Bob")
    learn(run, "billed", "0.04", evidence={"status": 200, "cost_text": "0.0400", "request_id": "7be1"})
    learn(run, "billed", "0.05", made_by="person", actor_label="Adam", reason="Seen in the console")
    page = people.audrey.client().get(url).text
    correction, charge, hold = rows(page)
    assert "Correction Bob seedream-4.5 run 0 +0.0100 billed" in correction
    assert "Adam: Seen in the console" in correction
    assert "Charge" in charge
    assert "−0.2500 +0.0400 billed" in charge
    assert "status 200 · cost 0.0400 7be1" in charge
    assert "+0.2500 0 pending" in hold


def test_other_teams_and_the_other_mode_are_not_in_it(people: People, url: str) -> None:
    reserve(UUID("00000000-0000-7000-8000-00000000000b"))
    reserve(people.team.id, mode="live")
    assert "No entries yet" in people.alice.client().get(url).text
    assert len(rows(people.alice.client().get(url.replace("sandbox", "live")).text)) == 1


def test_it_filters_by_run_kind_and_day(people: People, url: str) -> None:
    run = reserve(people.team.id, day=TODAY - timedelta(days=3))
    learn(run, "not_billed")
    learn(reserve(people.team.id), "billed", "0.1")
    client = people.alice.client()
    assert len(rows(client.get(url).text)) == 4
    assert len(rows(client.get(url, {"run": str(run)}).text)) == 2
    (release,) = rows(client.get(url, {"kind": "release"}).text)
    assert "Release" in release
    day = str(TODAY - timedelta(days=3))
    assert len(rows(client.get(url, {"since": day, "until": day}).text)) == 2
    assert "Nothing matches" in client.get(url, {"until": "2020-01-01"}).text


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"run": "7be1"}, "This is not the id of a run."),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "This day is before the first one."),
    ],
)
def test_a_filter_that_makes_no_sense_says_why(
    people: People, url: str, query: dict[str, str], complaint: str
) -> None:
    reserve(people.team.id)
    page = people.alice.client().get(url, query).text
    assert complaint in page
    assert rows(page) == []


def test_every_entry_is_on_one_page_there_and_back(
    people: People, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_page, "PAGE", 2)
    for back in (2, 0, 1, 0, 2):
        reserve(people.team.id, day=TODAY - timedelta(days=back))
    client = people.alice.client()

    def follow(rel: str, start: str) -> list[list[str]]:
        pages, address = [], start
        while True:
            page = client.get(address).text
            pages.append(re.findall(r"Open run ([0-9a-f-]+)", page))
            link = re.search(rf'href="([^"]+)"\s+rel="{rel}"', page)
            if link is None:
                last.append(address)
                return pages
            address = url + link.group(1).replace("&amp;", "&")

    last: list[str] = []
    order = Entry.objects.order_by("-day", "-id").values_list("run_id", flat=True)
    older = follow("next", url)
    assert [len(page) for page in older] == [2, 2, 1]
    assert [run for page in older for run in page] == [str(run) for run in order]
    assert follow("prev", last[0]) == older[::-1]


def test_a_cursor_of_nonsense_shows_the_newest(people: People, url: str) -> None:
    reserve(people.team.id)
    assert len(rows(people.alice.client().get(url, {"before": "yesterday.x"}).text)) == 1
    place = entry_page.Cursor(date(2026, 11, 27), UUID(int=7))
    assert entry_page.Cursor.read(str(place)) == place


def test_the_proof_shows_the_head_and_what_checks_found(
    people: People, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve(people.team.id)
    seal_everything(monkeypatch)
    checks.note(kind="chain", summary="1 block with 1 entry is as it was sealed.", agrees=True)
    checks.note(kind="sums", summary="Other team", agrees=False, team_id=UUID(int=9), mode="sandbox")
    page = people.audrey.client().get(url).text
    assert f"{Seal.objects.get().digest[:16]}…" in page
    assert "agrees" in words(page)
    assert "Other team" not in page
    checks.note(
        kind="sums",
        summary="1 sum differs from the entries.",
        agrees=False,
        differences=["Sum tag d: runs is 9 and should be 1"],
        team_id=people.team.id,
        mode="sandbox",
    )
    page = words(people.audrey.client().get(url).text)
    assert "Sums and entries differ" in page
    assert "runs is 9 and should be 1" in page


def test_the_newest_block_is_verified_on_demand(
    people: People, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = reserve(people.team.id)
    seal_everything(monkeypatch)
    client = people.audrey.client()
    page = words(client.post(f"{url}verify/", follow=True).text)
    assert "1 block with 1 entry is as it was sealed." in page
    tamper("UPDATE playground_entry SET held = 9 WHERE run_id = %s", [run])
    page = words(client.post(f"{url}verify/", follow=True).text)
    assert "It was checked a moment ago. Try again in ten seconds." in page
    cache.clear()  # ten seconds later
    page = words(client.post(f"{url}verify/", follow=True).text)
    assert "The chain does not hold" in page
    assert "Block 1: One of its entries (1), or the block itself, was changed." in page
    assert list(LedgerCheck.objects.order_by("id").values_list("kind", "agrees")) == [
        ("block", True),
        ("block", False),
    ]


def test_a_run_leads_to_its_entries_for_those_who_see_the_books(people: People, url: str) -> None:
    run = make_run(people.membership("bob"))
    address = f"/t/{people.team.slug}/sandbox/history/{run.id}/"
    assert f"{url}?run={run.id}" in people.audrey.client().get(address).text
    assert f"{url}?run={run.id}" not in people.bob.client().get(address).text


def test_a_balance_is_for_those_who_may_see_it(people: People, url: str) -> None:
    bobs = make_key(people.membership("bob"))
    lent = make_key(people.membership("bob"), text="SGTEST_fedcba9876543210", label="Lent", lent=True)
    for key, balance in ((bobs, "12.3400"), (lent, "56.7800")):
        run = reserve(people.team.id, key_id=key.id)
        learn(run, "billed", "0.04", evidence={"cost_text": "0.04", "balance_text": balance})
    for persona in (people.alice, people.audrey):
        page = persona.client().get(url).content.decode()
        assert "balance 56.7800" in page
        assert "12.3400" not in page
