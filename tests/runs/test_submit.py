import contextlib
import hashlib
import json
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import keys, teams
from accounts.models import ApiKey, Membership, Mode
from playground.catalogue.hidden import hide_endpoint
from playground.catalogue.models import Endpoint
from playground.runs import body, execute
from playground.runs.models import Billing, File, Run, RunInput, State
from playground.runs.submit import SubmitProblem, cancel, submit
from playground.workbench.leaving import remove_member
from tests.personas import LIVE_TEXT, People, make_key
from tests.runs.factories import add_output, make_file, make_run
from tests.runs.threads import together

TEXT = '{"prompt": "a boat",  "seed": 18446744073709551615, "cfg": 1.0}'


def send(membership: Membership, key: ApiKey, **changes: Any) -> Run:
    values: dict[str, Any] = {
        "endpoint": "seedream-4.5",
        "version": 1,
        "body_text": TEXT,
        "token": uuid.uuid4(),
        **changes,
    }
    return submit(membership=membership, key=key, **values)


def problem(membership: Membership, key: ApiKey, **changes: Any) -> SubmitProblem:
    with pytest.raises(SubmitProblem) as caught:
        send(membership, key, **changes)
    assert not Run.objects.exists()
    return caught.value


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


@pytest.fixture
def key(bob: Membership) -> ApiKey:
    return make_key(bob)


def test_a_run_is_stored_with_the_exact_text_before_anything_is_sent(bob: Membership, key: ApiKey) -> None:
    text = '{"prompt": "a b\\u00e9",\n\t"seed": 18446744073709551616, "cfg": 1.0, "cfg": 2.50}\n'
    run = Run.objects.select_related("text").get(id=send(bob, key, body_text=text, version=2).id)
    assert run.text.request_text == text
    assert run.text.request_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (run.state, run.billing, run.cost, run.version) == (State.QUEUED, Billing.PENDING, None, 2)
    assert (run.key_label, run.key_last_four, run.person_label) == (key.label, key.last_four, "Bob")
    assert (run.claimed_at, run.finished_at, run.status) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "mode"), [(LIVE_TEXT, Mode.LIVE), ("SGTEST_00112233445566aa", Mode.SANDBOX)]
)
def test_the_mode_is_the_keys(bob: Membership, text: str, mode: Mode) -> None:
    assert send(bob, make_key(bob, text=text)).mode == mode


def test_words_with_an_escaped_nul_can_be_searched(bob: Membership, key: ApiKey) -> None:
    run = send(bob, key, body_text='{"prompt": "har\\u0000bour lantern"}')
    assert Run.objects.filter(id=run.id, text__search="lantern").exists()


def test_a_body_of_two_megabytes_of_words_can_be_stored(
    bob: Membership, key: ApiKey, settings: Settings
) -> None:
    words = " ".join(f"word{number}" for number in range(150_000))[: settings.MAX_BODY_BYTES - 100]
    run = send(bob, key, body_text=json.dumps({"prompt": words}))
    assert Run.objects.filter(id=run.id, text__search="word7").exists()


def test_a_nudge_leaves_after_the_commit_only(
    bob: Membership, key: ApiKey, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        send(bob, key)
    assert len(callbacks) == 1


# ------------------------------------------------------------------------------------------------ refusals


def _revoked(membership: Membership, key: ApiKey) -> None:
    keys.revoke_key(membership=membership, key=key)


def _deleted(membership: Membership, key: ApiKey) -> None:
    keys.delete_key(membership=membership, key=key)


def _unreadable(membership: Membership, key: ApiKey) -> None:
    ApiKey.objects.filter(id=key.id).update(needs_reentry=True)


@pytest.mark.parametrize("harm", [_revoked, _deleted, _unreadable])
def test_a_key_that_is_of_no_use_is_refused_at_its_field(
    bob: Membership, key: ApiKey, harm: Callable[[Membership, ApiKey], None]
) -> None:
    harm(bob, key)
    key.refresh_from_db()
    assert problem(bob, key).field == "key"


def test_another_persons_key_is_refused_until_it_is_lent(people: People, key: ApiKey) -> None:
    adam = people.membership("adam")
    assert problem(adam, key).field == "key"
    lent = keys.lend(membership=people.membership("bob"), key=key, lent=True)
    assert send(adam, lent).person_label == "Adam"


def test_another_teams_key_is_refused_even_when_it_is_lent(people: People, bob: Membership) -> None:
    theirs = make_key(people.membership("charlie"), lent=True)
    assert problem(bob, theirs).field == "key"


def test_a_person_in_two_teams_does_not_carry_a_key_over(
    people: People, bob: Membership, key: ApiKey
) -> None:
    elsewhere = Membership.objects.create(team=people.membership("charlie").team, user=bob.user)
    assert problem(elsewhere, key).field == "key"


def test_an_auditor_runs_nothing(people: People) -> None:
    audrey = people.membership("audrey")
    lent = make_key(people.membership("alice"), lent=True)
    assert "role" in str(problem(audrey, lent))


def test_an_unknown_endpoint_is_refused(bob: Membership, key: ApiKey) -> None:
    found = problem(bob, key, endpoint="no-such-model")
    assert found.field == "endpoint"
    assert "no-such-model" in str(found)


def test_a_hidden_endpoint_is_refused(people: People, bob: Membership, key: ApiKey) -> None:
    endpoint = Endpoint.objects.bundled().get(slug="seedream-4.5")
    hide_endpoint(membership=people.membership("alice"), endpoint=endpoint)
    assert problem(bob, key).field == "endpoint"


def test_a_retired_endpoint_is_refused(bob: Membership, key: ApiKey) -> None:
    Endpoint.objects.bundled().filter(slug="seedream-4.5").update(retired_at=timezone.now())
    assert problem(bob, key).field == "endpoint"


@pytest.mark.parametrize("version", [0, 3, -1])
def test_another_version_is_refused(bob: Membership, key: ApiKey, version: int) -> None:
    assert problem(bob, key, version=version).field == "version"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ('{"a": }', "Line 1, column 7"),
        ("[1]", "JSON object"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": "\\ud800"}', "half of a pair"),
        ('{"a": "' + "x" * (5 * 1024 * 1024) + '"}', "limit is 2.0 MB"),
        ('{"a": ' * 60 + "1" + "}" * 60, "levels deep"),
    ],
    ids=["empty", "broken", "list", "nan", "surrogate", "large", "deep"],
)
def test_a_bad_body_is_refused_at_its_field(bob: Membership, key: ApiKey, text: str, words: str) -> None:
    found = problem(bob, key, body_text=text)
    assert found.field == "body"
    assert words in str(found)


def test_a_file_in_the_body_is_noted_once(bob: Membership, key: ApiKey) -> None:
    file = make_file(bob)
    file.holders.add(bob.user)
    mark = body.make_marker(team_id=bob.team_id, file_id=file.id, how="base64")
    run = send(bob, key, body_text=json.dumps({"image": mark, "mask": mark}))
    assert list(RunInput.objects.filter(run=run).values_list("file_id", flat=True)) == [file.id]


def test_a_marker_gives_nobody_a_file_they_may_not_see(people: People, bob: Membership, key: ApiKey) -> None:
    """Markers travel in texts: whoever runs with one would see the file as part of a run of their own."""
    alice = people.membership("alice")
    file = make_file(alice)
    add_output(make_run(alice), file)
    mark = body.make_marker(team_id=bob.team_id, file_id=file.id, how="base64")
    assert RunInput.objects.filter(run=send(bob, key, body_text=json.dumps({"image": mark}))).exists()
    Run.objects.filter(person=bob.user).delete()
    people.team.own_runs_only = bob.team.own_runs_only = True
    people.team.save()
    with pytest.raises(SubmitProblem, match="Attach it again"):
        send(bob, key, body_text=json.dumps({"image": mark}))
    assert not File.objects.visible_to(bob).exists()


def test_a_file_that_is_gone_is_refused(bob: Membership, key: ApiKey) -> None:
    file = make_file(bob)
    mark = body.make_marker(team_id=bob.team_id, file_id=file.id, how="base64")
    File.objects.filter(id=file.id).delete()
    assert "Attach it again" in str(problem(bob, key, body_text=json.dumps({"image": mark})))


def test_another_teams_marker_is_sent_as_the_text_it_is(people: People, bob: Membership, key: ApiKey) -> None:
    charlie = people.membership("charlie")
    theirs = body.make_marker(team_id=charlie.team_id, file_id=make_file(charlie).id, how="base64")
    run = send(bob, key, body_text=json.dumps({"prompt": theirs}))
    assert not RunInput.objects.filter(run=run).exists()


# ------------------------------------------------------------------------------------------------ the token


def test_a_resent_form_is_the_same_run(bob: Membership, key: ApiKey) -> None:
    token = uuid.uuid4()
    first = send(bob, key, token=token)
    again = send(bob, key, token=token, body_text='{"prompt": "another"}')
    assert again.id == first.id
    assert Run.objects.get().text.request_text == TEXT


def test_another_persons_token_is_refused_with_words(people: People, bob: Membership, key: ApiKey) -> None:
    token = uuid.uuid4()
    send(bob, key, token=token)
    adam = people.membership("adam")
    with pytest.raises(SubmitProblem, match="Reload the page") as caught:
        send(adam, make_key(adam), token=token)
    assert caught.value.field == "token"
    assert Run.objects.count() == 1


def test_two_teams_may_have_the_same_token(people: People, bob: Membership, key: ApiKey) -> None:
    token = uuid.uuid4()
    charlie = people.membership("charlie")
    assert send(bob, key, token=token).id != send(charlie, make_key(charlie), token=token).id


@pytest.mark.django_db(transaction=True)
def test_twenty_clicks_at_once_are_one_run(bob: Membership, key: ApiKey) -> None:
    token = uuid.uuid4()
    runs = together(*[partial(send, bob, key, token=token)] * 20)
    assert len({run.id for run in runs}) == 1
    assert Run.objects.count() == 1


# ------------------------------------------------------------------------------------------------ taking back


def test_only_what_waits_is_taken_back(bob: Membership) -> None:
    waiting = make_run(bob, state=State.QUEUED, billing=Billing.PENDING, status=None)
    others = [
        make_run(bob, state=state, billing=Billing.PENDING, status=None)
        for state in (State.SENDING, State.ACCEPTED)
    ]
    assert cancel(runs=Run.objects.all()) == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.billing, waiting.evidence["reason"]) == (
        State.CANCELLED,
        Billing.NOT_BILLED,
        "cancelled",
    )
    assert waiting.finished_at is not None
    assert {Run.objects.get(id=run.id).state for run in others} == {State.SENDING, State.ACCEPTED}


def test_taking_back_twice_does_nothing_more(bob: Membership) -> None:
    make_run(bob, state=State.QUEUED, billing=Billing.PENDING, status=None)
    assert [cancel(runs=Run.objects.all()) for _ in range(2)] == [1, 0]


@pytest.mark.django_db(transaction=True)
def test_a_run_is_claimed_or_taken_back_but_never_both(bob: Membership, key: ApiKey) -> None:
    for _ in range(40):
        make_run(bob, state=State.QUEUED, billing=Billing.PENDING, status=None, key=key)
    claims = [partial(execute.claim_many, limit=5)] * 4
    takings = [partial(cancel, runs=Run.objects.all())] * 2
    done = together(*claims, *takings)
    claimed = [run.run_id for part in done[:4] for run in part]  # type: ignore[attr-defined]
    assert len(set(claimed)) == len(claimed)
    assert sum(done[4:]) + len(claimed) == 40  # type: ignore[arg-type]
    assert set(Run.objects.filter(state=State.SENDING).values_list("id", flat=True)) == set(claimed)
    assert Run.objects.filter(state=State.CANCELLED).count() == 40 - len(claimed)


# ------------------------------------------------------------------------------------------------ leaving


def test_somebody_who_left_meanwhile_submits_nothing(people: People, bob: Membership) -> None:
    lent = make_key(people.membership("alice"), lent=True)
    teams.remove_member(actor=people.membership("alice"), membership=Membership.objects.get(id=bob.id))
    assert "no longer a member" in str(problem(bob, lent))


@pytest.mark.django_db(transaction=True)
def test_no_run_of_somebody_who_leaves_while_submitting_stays_in_the_queue(
    people: People, bob: Membership
) -> None:
    lent = make_key(people.membership("alice"), lent=True)

    def try_to_send() -> None:
        for _ in range(5):
            with contextlib.suppress(SubmitProblem):
                send(bob, lent)

    def leave() -> None:
        remove_member(actor=people.membership("alice"), leaving=Membership.objects.get(id=bob.id))

    together(*[try_to_send] * 6, leave)
    assert not Run.objects.filter(state=State.QUEUED).exists()
