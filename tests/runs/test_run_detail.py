import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from accounts.models import AuditEvent
from playground.runs.models import Billing, Output, Run, RunInput, State
from tests.personas import People, Persona, make_key
from tests.runs.factories import PNG, add_output, make_file, make_run, refused, unknown

pytestmark = pytest.mark.django_db


def address(run: Run, tail: str = "") -> str:
    return f"/t/studio/sandbox/history/{run.id}/{tail}"


def html(persona: Persona, run: Run, tail: str = "") -> str:
    response = persona.client().get(address(run, tail))
    assert response.status_code == 200
    return response.content.decode()


V2 = json.dumps(
    {"status": "COMPLETED", "metrics": {"cost": 0.05, "remaining_credits": 877.77}, "output": "{}"}
)
HEADERS = [["content-type", "image/png"], ["x-cost", "0.04"], ["X-Remaining-Credits", "877.77"]]


@pytest.fixture
def run(people: People) -> Run:
    bob = people.membership("bob")
    made = make_run(
        bob,
        request_text='{"prompt": "secret harbour", "seed": 18446744073709551615, "guidance": 1.0}',
        headers=HEADERS,
        response_text=V2,
        seed="18446744073709551615",
        request_id="req-1",
        evidence={"cost_text": "0.04", "balance_text": "877.77", "content_type": "image/png"},
        output_kind="image",
    )
    add_output(made, make_file(bob, PNG, width=1, height=1))
    return made


@pytest.mark.parametrize("tail", ["", "result/", "row/"])
def test_who_sees_it(people: People, run: Run, tail: str) -> None:
    for persona, status in (
        (people.alice, 200), (people.adam, 200), (people.bob, 200), (people.audrey, 200), (people.charlie, 404),
        (people.nobody, 302),
    ):  # fmt: skip
        assert persona.client().get(address(run, tail)).status_code == status, persona.name
    assert people.alice.client().get(address(run, tail).replace("sandbox", "live")).status_code == 404


def test_everything_about_it(people: People, run: Run) -> None:
    page = html(people.bob, run)
    for text in (
        "200 · billed", "$ 0.0400", "18446744073709551615", "req-1", "secret harbour", "&quot;guidance&quot;: 1.0",
        "x-cost", "Submitted", "Succeeded", "Rule 1:", "Status 200 is billed", "Open in playground", "Run again",
        "1 × 1", "copied", "$ 877.77",
    ):  # fmt: skip
        assert text in page, text


def test_a_balance_never_reaches_those_who_may_not_see_it(people: People, run: Run) -> None:
    for persona in (people.alice, people.adam, people.audrey):
        assert "877.77" not in html(persona, run), persona.name
        assert "877.77" not in html(persona, run, "result/"), persona.name
    lent = make_key(people.membership("alice"), label="Lent", lent=True)
    by_bob = make_run(
        people.membership("bob"),
        key=lent,
        headers=HEADERS,
        response_text=V2,
        evidence={"balance_text": "877.77"},
    )
    assert "877.77" not in html(people.bob, by_bob)
    for persona in (people.alice, people.adam, people.audrey):
        assert "877.77" in html(persona, by_bob), persona.name


def test_a_refusal_for_credits_keeps_the_balance_of_a_lent_key_to_itself(people: People) -> None:
    words = "Insufficient credits. Your balance is 0.1234 credits, this model needs 0.9 credits"
    lent = make_key(people.membership("alice"), label="Lent", lent=True)
    made = refused(
        people.membership("bob"), 406, words, "credits", key=lent, response_text=json.dumps({"error": words})
    )
    assert "0.1234" not in html(people.bob, made)
    assert "0.1234" in html(people.alice, made)


def test_an_auditor_sees_money_and_evidence_but_no_words(people: People, run: Run) -> None:
    page = html(people.audrey, run)
    for text in ("secret", "guidance", "files/", "content-type", "Run again", "Open in playground"):
        assert text not in page, text
    for text in ("$ 0.0400", "Cost as received", "req-1", "Rule 1:", "Your role sees money"):
        assert text in page, text


def test_an_auditor_gets_no_error_text_either(people: People) -> None:
    made = refused(people.membership("bob"), 406, "secret words were not accepted", "not_accepted")
    assert "secret" not in html(people.audrey, made)
    assert "secret words" in html(people.bob, made)


def test_a_look_into_a_private_run_is_recorded_once(people: People, run: Run) -> None:
    html(people.adam, run)
    assert not AuditEvent.objects.filter(verb="run.viewed").exists()
    people.team.own_runs_only = True
    people.team.save()
    html(people.bob, run)
    html(people.audrey, run)
    assert not AuditEvent.objects.filter(verb="run.viewed").exists()
    html(people.adam, run, "result/")
    html(people.adam, run)
    event = AuditEvent.objects.get(verb="run.viewed")
    assert (event.actor, event.target) == (people.adam.user, "Bob")
    assert event.after == {"run": str(run.id), "endpoint": run.endpoint}


# -- errors teach


@pytest.mark.parametrize(
    ("status", "kind", "text", "words"),
    [
        (
            406,
            "credits",
            "Insufficient credits. Balance: 0.11, required: 0.18",
            "The account has $0.11, this model needs $0.18.",
        ),
        (404, "model_not_found", "Model not found", "404:"),
        (405, "wrong_verb", "405 Not Allowed", "405:"),
        (502, "gateway", "Bad gateway", "502:"),
    ],
)
def test_an_error_has_cause_fix_and_not_billed(
    people: People, status: int, kind: str, text: str, words: str
) -> None:
    page = html(people.bob, refused(people.membership("bob"), status, text, kind))
    assert words in page
    assert "Not billed." in page


def test_html_in_an_answer_is_text(people: People) -> None:
    answer = "<html><script>alert(1)</script><h1>405</h1></html>"
    made = refused(people.membership("bob"), 405, "405", "wrong_verb", response_text=answer)
    page = html(people.bob, made)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_rate_limit_counts_down(people: People) -> None:
    at = int((timezone.now() + timedelta(minutes=3)).timestamp())
    made = refused(
        people.membership("bob"),
        429,
        "Too many",
        "rate_limited",
        headers=[["x-rate-limit-reset-at-utc", str(at)]],
    )
    assert 'data-time="countdown"' in html(people.bob, made)


def test_doubt_is_shown_as_doubt(people: People) -> None:
    page = html(people.bob, unknown(people.membership("bob")))
    assert "This may have been billed." in page
    assert "not billed" not in page.lower().replace("not billed or", "")


# -- results by kind


def test_words_of_a_model_are_markdown_without_scripts(people: People) -> None:
    answer = {
        "choices": [
            {"message": {"content": "**Hello** <script>alert(1)</script> ![x](https://evil.example/x.png)"}}
        ]
    }
    text = json.dumps({"status": "COMPLETED", "output": json.dumps(answer)})
    page = html(
        people.bob,
        make_run(people.membership("bob"), version=2, output_kind="json", response_text=text),
        "result/",
    )
    assert "<strong>Hello</strong>" in page
    assert "<script>alert" not in page
    assert "<img" not in page


@pytest.mark.parametrize(
    ("seed", "pinned"), [("18446744073709551615", True), ("-1", True), ('1,"n":9', False), ("007", False)]
)
def test_only_a_whole_number_can_be_pinned(people: People, seed: str, pinned: bool) -> None:
    """Pinning writes it into the payload as it is; what the provider calls a seed is shown in any case."""
    made = make_run(people.membership("bob"), seed=seed)
    page = html(people.bob, made)
    assert ("data-seed=" in page) is pinned
    assert escape(seed) in page


@pytest.mark.parametrize("name", ["content", "output"])
def test_words_nested_without_end_are_still_a_page(people: People, name: str) -> None:
    text = f'{{"{name}": {"[" * 700}"x"{"]" * 700}}}'
    made = make_run(people.membership("bob"), response_text=text, output_kind="json")
    assert "Succeeded" in html(people.bob, made)


def test_json_keeps_its_digits(people: People) -> None:
    made = make_run(
        people.membership("bob"), output_kind="json", response_text='{"seed": 18446744073709551615, "x": 1.0}'
    )
    page = html(people.bob, made, "result/")
    assert "data-json-tree" in page
    assert "18446744073709551615" in page
    assert "1.0" in page


@pytest.mark.parametrize(
    ("kind", "media_type", "marker"),
    [
        ("image", "image/png", "data-image-viewer"),
        ("video", "video/mp4", "<video"),
        ("audio", "audio/mpeg", "<audio"),
        ("binary", "application/octet-stream", "shown only as a download"),
        ("json", "application/json", "data-src"),
    ],
)
def test_a_player_for_each_kind(people: People, kind: str, media_type: str, marker: str) -> None:
    bob = people.membership("bob")
    made = make_run(bob, output_kind=kind)
    file = make_file(bob, kind.encode(), media_type=media_type, kind=kind)
    add_output(made, file)
    page = html(people.bob, made, "result/")
    assert marker in page
    assert f"/t/studio/files/{file.id}/" in page
    assert "style=" not in page


def test_copy_states(people: People) -> None:
    bob = people.membership("bob")
    made = make_run(bob, version=2, output_kind="video")
    copying = add_output(
        made,
        None,
        state=Output.State.COPYING,
        url="https://images.example/a.mp4",
        attempts=2,
        reason="The file arrived incomplete.",
    )
    page = html(people.bob, made, "result/")
    assert "Copying output 1" in page
    assert 'data-live="true"' in page
    Output.objects.filter(id=copying.id).update(state=Output.State.LOST)
    page = html(people.bob, made, "result/")
    assert "Try again" in page
    assert "more day" in page
    assert 'data-live="false"' in page
    Run.objects.filter(id=made.id).update(finished_at=timezone.now() - timedelta(days=8))
    page = html(people.bob, made, "result/")
    assert "Try again" not in page
    assert "seven days" in page


def test_try_again(people: People) -> None:
    bob = people.membership("bob")
    made = make_run(bob, version=2)
    output = add_output(made, None, url="https://images.example/a.mp4", reason="gone")
    response = people.bob.client().post(
        address(made, f"outputs/{output.id}/copy/"), headers={"HX-Request": "true"}
    )
    assert "Copying" in response.content.decode()
    output.refresh_from_db()
    assert output.state == Output.State.COPYING
    assert people.audrey.client().post(address(made, f"outputs/{output.id}/copy/")).status_code == 403


# -- while it runs


def test_waiting_for_a_slot(people: People, settings: object) -> None:
    settings.CALLS_PER_KEY = 1  # type: ignore[attr-defined]
    bob = people.membership("bob")
    make_run(bob, state=State.SENDING, billing=Billing.PENDING, status=None)
    waiting = make_run(bob, state=State.QUEUED, billing=Billing.PENDING, status=None)
    assert "Waiting for a free slot of this key" in html(people.bob, waiting, "result/")


def test_slower_than_usual(people: People) -> None:
    bob = people.membership("bob")
    for _ in range(3):
        make_run(bob, seconds=10)
    made = make_run(
        bob, state=State.ACCEPTED, billing=Billing.PENDING, status=None, version=2, ago=timedelta(seconds=20)
    )
    assert "slower than usual" not in html(people.bob, made, "result/")
    assert "usually 9.8 s" in html(people.bob, made, "result/")
    Run.objects.filter(id=made.id).update(claimed_at=timezone.now() - timedelta(seconds=40))
    assert "slower than usual" in html(people.bob, made, "result/")


def test_stop_takes_back_what_waits_and_says_what_it_cannot_do(people: People) -> None:
    bob = people.membership("bob")
    waiting = make_run(bob, state=State.QUEUED, billing=Billing.PENDING, status=None)
    response = people.bob.client().post(address(waiting, "cancel/"), headers={"HX-Request": "true"})
    assert "Stopped before it was sent" in response.content.decode()
    sent = make_run(bob, state=State.ACCEPTED, billing=Billing.PENDING, status=None, version=2)
    response = people.bob.client().post(address(sent, "cancel/"), headers={"HX-Request": "true"})
    assert "The provider has no cancel" in response.content.decode()
    assert "?stopped=1" in response.content.decode()
    sent.refresh_from_db()
    assert sent.state == State.ACCEPTED
    plain = people.bob.client().post(address(sent, "cancel/"))
    assert (plain.status_code, plain["Location"]) == (302, address(sent) + "?stopped=1")


def test_who_may_stop(people: People) -> None:
    made = make_run(people.membership("alice"), state=State.QUEUED, billing=Billing.PENDING, status=None)
    assert people.bob.client().post(address(made, "cancel/")).status_code == 403
    assert people.audrey.client().post(address(made, "cancel/")).status_code == 403
    assert people.charlie.client().post(address(made, "cancel/")).status_code == 404
    assert people.adam.client().post(address(made, "cancel/")).status_code == 302


@pytest.mark.parametrize("tail", ["cancel/", "again/", "settle/", "erase/"])
def test_deeds_are_posts(people: People, run: Run, tail: str) -> None:
    assert people.alice.client().get(address(run, tail)).status_code == 405
    assert people.charlie.client().post(address(run, tail)).status_code == 404
    assert people.audrey.client().post(address(run, tail)).status_code == 403
    assert people.nobody.client().post(address(run, tail)).status_code == 302


def test_inputs_are_listed(people: People, run: Run) -> None:
    file = make_file(people.membership("bob"), b"in", name="harbour.png")
    RunInput.objects.create(run=run, file=file)
    assert "harbour.png" in html(people.bob, run)
    assert "harbour.png" not in html(people.audrey, run)


def test_the_number_of_queries(people: People, run: Run) -> None:
    client = people.bob.client()
    client.get(address(run))
    with CaptureQueriesContext(connection) as captured:
        client.get(address(run))
    assert len(captured) <= 17
    for _ in range(5):
        add_output(run, make_file(people.membership("bob"), f"more {_}".encode()))
    with CaptureQueriesContext(connection) as again:
        client.get(address(run))
    assert len(again) == len(captured)
