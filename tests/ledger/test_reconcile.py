"""Balances against the record: steps that no charge explains, and only those."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import ApiKey, AuditEvent
from playground.ledger import balances, reconcile, reconcile_mail, sharing
from playground.ledger.models import AccountState, SharedBalance, Snapshot, StepName
from tests.ledger.books import learn
from tests.ledger.seen import begin, clock, recorded, see, spend
from tests.personas import People, make_key, make_people

# Entries are recorded at the time of their transaction, so each needs one of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db: None) -> People:
    return make_people()


@pytest.fixture
def key(people: People) -> ApiKey:
    return make_key(people.membership("bob"), lent=True)


def books(key: ApiKey) -> reconcile.Books:
    account = reconcile.account_of(key.team, key.mode, key.id)
    assert account is not None
    return reconcile.books_of(account, timezone.now().astimezone(key.team.zone).date())


def steps(key: ApiKey) -> list[Decimal]:
    return [one.amount for one in books(key).walk.steps]


def state(key: ApiKey) -> AccountState:
    reconcile.refresh_states([key.id])
    return AccountState.objects.get(key_id=key.id)


def test_charges_we_know_are_no_steps(key: ApiKey) -> None:
    see(key, "10")
    spend(key, "0.04")
    spend(key, "0.0000000001")
    see(key, "9.9599999999")
    assert steps(key) == []
    assert state(key).unexplained == 0


def test_a_call_from_outside_is_unexplained_until_somebody_names_it(people: People, key: ApiKey) -> None:
    first = see(key, "10")
    spend(key, "0.04")
    last = see(key, "9.54")
    assert steps(key) == [Decimal("-0.42")]
    found = state(key)
    assert (found.unexplained, found.unexplained_since, found.checked_at) == (
        Decimal("0.42"),
        first.at,
        last.at,
    )
    account = reconcile.account_of(key.team, key.mode, key.id)
    assert account is not None
    name: dict[str, Any] = {
        "membership": people.membership("alice"),
        "account": account,
        "kind": "outside",
        "note": "A notebook",
    }
    with pytest.raises(reconcile.NoSuchStep):
        reconcile.name_step(at=first.at, **name)
    reconcile.name_step(at=last.at, **name)
    assert AccountState.objects.get(key_id=key.id).unexplained == 0
    event = AuditEvent.objects.get(verb="reconcile.named")
    assert (event.actor_label, event.after and event.after["note"]) == ("Alice", "A notebook")


@pytest.mark.parametrize("table", ["stepname", "sharedverdict"])
def test_what_people_said_stays(people: People, key: ApiKey, table: str) -> None:
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        connection.cursor().execute(f"DELETE FROM playground_{table}")


def test_a_later_word_counts_and_the_earlier_one_stays(people: People, key: ApiKey) -> None:
    see(key, "10")
    last = see(key, "9")
    account = reconcile.account_of(key.team, key.mode, key.id)
    assert account is not None
    for kind in ("expiry", "outside"):
        reconcile.name_step(
            membership=people.membership("alice"), account=account, at=last.at, kind=kind, note="seen"
        )
    (named,) = books(key).steps
    assert named.name is not None
    assert (named.name.kind, StepName.objects.count()) == ("outside", 2)


def test_money_that_came_is_a_top_up_until_somebody_says_otherwise(key: ApiKey) -> None:
    see(key, "1")
    spend(key, "0.5")
    see(key, "25.5")
    assert steps(key) == [Decimal(25)]
    assert state(key).unexplained == 0


def test_a_call_under_way_while_a_balance_is_read_is_no_step(key: ApiKey) -> None:
    see(key, "10")
    charged, open_still = begin(key), begin(key)
    see(key, "9.96")  # the first was charged already, the second not yet
    learn(charged, "billed", "0.04")
    learn(open_still, "billed", "0.30")
    assert steps(key) == []
    see(key, "9.66")
    assert steps(key) == []
    assert state(key).moving == 0


def test_what_hides_behind_a_call_under_way_shows_at_the_next_quiet_moment(key: ApiKey) -> None:
    see(key, "10")
    run = begin(key)
    see(key, "9.7")  # 0.3 went elsewhere; the run could have been it
    learn(run, "billed", "0.30")
    see(key, "9.4")
    assert steps(key) == [Decimal("-0.3")]


def test_a_run_settled_later_explains_the_step_it_left(key: ApiKey) -> None:
    see(key, "10")
    run = begin(key)
    learn(run, "unknown")
    see(key, "9.96")
    assert state(key).unexplained == Decimal("0.04")
    learn(run, "billed", "0.04", made_by="resolver")
    assert steps(key) == []
    see(key, "9.96")
    assert state(key).unexplained == 0


def test_a_correction_downwards_is_followed(key: ApiKey) -> None:
    see(key, "10")
    run = begin(key)
    learn(run, "billed", "0.5", made_by="person", actor_label="Alice", reason="guessed")
    learn(run, "not_billed", made_by="person", actor_label="Alice", reason="It was not")
    see(key, "10")
    assert steps(key) == []


def test_the_balance_of_an_answer_has_its_own_charge_taken_off(key: ApiKey) -> None:
    see(key, "10")
    run = spend(key, "0.04", evidence={"balance_text": "9.96", "cost_source": "metrics"})
    assert balances.gather() == {key.id}
    assert balances.gather() == set()
    brought = Snapshot.objects.get(run_id=run)
    assert (brought.total, brought.charged, brought.source, brought.at) == (
        Decimal("9.96"),
        Decimal("0.04"),
        "metrics",
        recorded(run),
    )
    see(key, "9.96")
    assert steps(key) == []
    spend(key, "0.04", evidence={"balance_text": "nonsense"})
    assert balances.gather() == set()


def test_a_statement_adds_up_to_the_digit(key: ApiKey) -> None:
    see(key, "10")
    spend(key, "0.0312")
    see(key, "9.9688")
    see(key, "14.9688")
    see(key, "14.5")
    today = timezone.now().astimezone(key.team.zone).date()
    one = books(key).statement(today)
    assert one is not None
    assert (one.topped_up, one.charges, one.ours, one.calls) == (
        Decimal(5), Decimal("0.0312"), Decimal("0.0312"), 1,
    )  # fmt: skip
    assert one.unexplained == Decimal("-0.4688")
    assert one.unexplained == one.closing.total - one.opening.total - one.topped_up - one.taken + one.charges


def test_without_a_balance_there_is_no_statement(key: ApiKey) -> None:
    spend(key, "0.04")
    today = timezone.now().astimezone(key.team.zone).date()
    assert books(key).statement(today) is None
    reconcile.refresh_states([key.id])
    assert not AccountState.objects.exists()
    assert reconcile.agreement(key.team, key.mode).checked_at is None


def test_a_replaced_key_starts_anew(key: ApiKey) -> None:
    see(key, "10")
    ApiKey.objects.filter(id=key.id).update(replaced_at=clock())
    see(key, "3")
    assert steps(key) == []
    assert [one.total for one in books(key).walk.readings] == [3]


def test_the_gauge_adds_up_accounts_and_names_the_one_seen_longest_ago(people: People, key: ApiKey) -> None:
    other = make_key(people.membership("adam"), text="SGTEST_0000000000000002")
    first = see(key, "10")
    see(other, "5")
    see(other, "4.5")
    reconcile.refresh_states([key.id, other.id])
    found = reconcile.agreement(key.team, key.mode)
    assert (found.off, found.keys, found.checked_at, found.agrees) == (Decimal("0.5"), 2, first.at, False)
    assert reconcile.agreement(key.team, "live").accounts == 0


def gauge(key: ApiKey, django_assert_num_queries: Any) -> str:
    team = key.team
    with django_assert_num_queries(1):
        found = reconcile.agreement(team, key.mode)
    context = {"agreement": found, "team": team, "mode": key.mode, "zone": team.zone}
    return " ".join(render_to_string("ledger/_agreement.html", context).split())


def test_the_gauge_in_words_and_with_one_query(key: ApiKey, django_assert_num_queries: Any) -> None:
    see(key, "10")
    reconcile.refresh_states([key.id])
    # One balance alone agrees with nothing.
    assert "not compared yet" in gauge(key, django_assert_num_queries)
    spend(key, "0.04")
    see(key, "9.96")
    reconcile.refresh_states([key.id])
    assert "balance agrees</span>" in gauge(key, django_assert_num_queries)
    see(key, "9.54")
    reconcile.refresh_states([key.id])
    assert "$ 0.4200 off" in gauge(key, django_assert_num_queries)


# -- several keys of one account


def move_together(keys: list[ApiKey], *totals: str) -> None:
    for total in totals:
        for key in keys:
            see(key, total)


def test_three_moves_together_are_a_suggestion_and_a_person_decides(people: People, key: ApiKey) -> None:
    alice = people.membership("alice")
    other = make_key(people.membership("adam"), text="SGTEST_0000000000000002")
    stranger = make_key(people.membership("adam"), text="SGTEST_0000000000000003")
    move_together([key, other], "10", "9", "8")
    see(stranger, "10")
    sharing.look_for_pairs()
    assert sharing.pairs_of(alice, key.mode) == []
    move_together([key, other], "7")
    sharing.look_for_pairs()
    (pair,) = sharing.pairs_of(alice, key.mode)
    assert {pair.ours, pair.theirs} == {key, other}
    assert pair.pair.times == 3
    assert len(reconcile.accounts(key.team, key.mode)) == 3
    sharing.judge_pair(membership=alice, pair=pair.pair, together=True)
    assert sorted(len(one.keys) for one in reconcile.accounts(key.team, key.mode)) == [1, 2]
    assert AuditEvent.objects.get(verb="reconcile.joined").actor_label == "Alice"
    sharing.judge_pair(membership=alice, pair=pair.pair, together=False)
    assert len(reconcile.accounts(key.team, key.mode)) == 3


def test_keys_of_one_account_explain_each_others_moves(people: People, key: ApiKey) -> None:
    other = make_key(people.membership("adam"), text="SGTEST_0000000000000002")
    move_together([key, other], "10", "9", "8", "7")
    sharing.look_for_pairs()
    sharing.judge_pair(membership=people.membership("alice"), pair=SharedBalance.objects.get(), together=True)
    spend(other, "1")
    see(key, "6")
    assert steps(key) == [-1, -1, -1]  # nobody told us of the first three


def test_another_team_is_one_amount_and_both_have_to_agree(people: People, key: ApiKey) -> None:
    theirs = make_key(people.membership("charlie"), text="SGTEST_0000000000000002")
    move_together([key, theirs], "10", "9", "8", "7")
    sharing.look_for_pairs()
    alice, charlie = people.membership("alice"), people.membership("charlie")
    (seen,) = sharing.pairs_of(alice, key.mode)
    assert (seen.ours, seen.theirs) == (key, None)
    sharing.judge_pair(membership=alice, pair=seen.pair, together=True)
    assert [one.others for one in reconcile.accounts(key.team, key.mode)] == [0]
    sharing.judge_pair(membership=charlie, pair=seen.pair, together=True)
    (account,) = reconcile.accounts(key.team, key.mode)
    assert (account.keys, account.others) == ((key,), 1)
    spend(theirs, "0.25")
    spend(key, "0.05")
    see(key, "6.7")
    one = books(key).statement(timezone.now().astimezone(key.team.zone).date())
    assert one is not None
    assert (one.ours, one.others, one.calls) == (Decimal("0.05"), Decimal("0.25"), 1)
    assert steps(key)[3:] == []


def test_a_run_of_another_team_is_not_named(people: People, key: ApiKey) -> None:
    theirs = make_key(people.membership("charlie"), text="SGTEST_0000000000000002")
    move_together([key, theirs], "10", "9", "8", "7")
    sharing.look_for_pairs()
    for name in ("alice", "charlie"):
        sharing.judge_pair(
            membership=people.membership(name), pair=SharedBalance.objects.get(), together=True
        )
    run = spend(theirs, "0.25", evidence={"balance_text": "6.75"})
    assert balances.gather() == {theirs.id}
    today = timezone.now().astimezone(key.team.zone).date()
    text = people.alice.client().get(f"/t/studio/sandbox/reconcile/{key.id}/{today}/").text
    assert "6.75" in text
    assert str(run) not in text
    found = Snapshot.objects.get(run_id=run)
    (reading,) = (one for one in books(key).walk.readings if one.at == found.at)
    assert (reading.run_id, reading.calls) == (None, 0)


def test_a_name_of_two_lines_makes_a_subject_of_one(
    people: People, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_mail, "FROM_HOUR", 0)
    people.team.name = "Studio\r\nBcc: charlie@example.com"
    people.team.save()
    see(key, "10")
    see(key, "9.58")
    reconcile.refresh_states([key.id])
    assert reconcile_mail.send_due() == 2
    assert mail.outbox[0].subject == "Studio Bcc: charlie@example.com: $ 0.4200 unexplained (sandbox)"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-01", "soon"])
def test_a_day_beyond_the_calendar_is_not_found(people: People, key: ApiKey, day: str) -> None:
    see(key, "10")
    place, alice = f"/t/studio/sandbox/reconcile/{key.id}/", people.alice.client()
    assert alice.get(f"{place}{day}/").status_code == 404
    assert alice.get(place, {"until": day}).status_code == 404
    today = timezone.now().astimezone(key.team.zone).date()
    said = {"at": f"{day}T00:00:00+00:00", "kind": "outside", "note": "Seen"}
    assert alice.post(f"{place}{today}/", said).status_code == 422


def test_a_replaced_key_belongs_to_no_pair(people: People, key: ApiKey) -> None:
    other = make_key(people.membership("adam"), text="SGTEST_0000000000000002")
    move_together([key, other], "10", "9", "8", "7")
    sharing.look_for_pairs()
    alice = people.membership("alice")
    sharing.judge_pair(membership=alice, pair=SharedBalance.objects.get(), together=True)
    ApiKey.objects.filter(id=other.id).update(replaced_at=timezone.now() + timedelta(seconds=1))
    assert len(reconcile.accounts(key.team, key.mode)) == 2
    assert sharing.pairs_of(alice, key.mode) == []
