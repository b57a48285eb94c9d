"""Mails about money: to whom, when, what they say, and each once."""

from datetime import date, datetime, timedelta
from smtplib import SMTPException
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from playground.ledger import mails, sealing
from playground.ledger.models import Mail, MailSent
from tests.ledger.books import learn, reserve
from tests.personas import People, Persona, ask_everyone, expect

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
MORNING = datetime(2026, 11, 23, 7, 5, tzinfo=BERLIN)
LAST_WEEK = date(2026, 11, 18)


def spend(person: Persona, cost: str | None, *, day: date = LAST_WEEK, **more: Any) -> None:
    assert person.membership is not None
    more = {"mode": "live", **more}
    facts = {"error_kind": more.pop("error_kind")} if "error_kind" in more else {}
    run = reserve(
        person.membership.team_id, day=day, person_id=person.user.id, person_label=person.user.label, **more
    )
    learn(run, "not_billed" if cost is None else "billed", cost, **facts)


def sent() -> dict[str, list[EmailMessage]]:
    found: dict[str, list[EmailMessage]] = {}
    for one in mail.outbox:
        found.setdefault(one.to[0].partition("@")[0], []).append(one)
    return found


def test_a_members_week(people: People) -> None:
    spend(people.bob, "0.25")
    spend(people.bob, None, error_kind="credits")
    spend(people.bob, None, error_kind="credits")
    spend(people.bob, "4", day=MONDAY)
    spend(people.alice, "77", endpoint="kling-2.6")
    mails.send_due(now=MORNING)
    (letter,) = sent()["bob"]
    assert letter.subject == "Studio: your week, 16 to 22 Nov"
    assert "You spent   $ 0.2500" in letter.body
    assert "Runs        3, 1 billed" in letter.body
    assert "2 x Too few credits" in letter.body
    assert "/t/studio/live/spend/?period=week&on=2026-11-16" in letter.body
    assert "/t/studio/mails/" in letter.body
    assert "77" not in letter.body
    assert "kling" not in letter.body
    assert "audrey" not in sent()


def test_the_teams_week_goes_to_those_who_run_it(people: People) -> None:
    spend(people.bob, "0.25")
    spend(people.alice, "1", endpoint="kling-2.6")
    learn(reserve(people.team.id, day=LAST_WEEK, mode="live"), "unknown")
    mails.send_due(now=MORNING)
    subjects = {name: sorted(one.subject for one in found) for name, found in sent().items()}
    week, own = "Studio: the team's week, 16 to 22 Nov", "Studio: your week, 16 to 22 Nov"
    day = "Studio: $ 0.0000 on Sun 22 Nov"
    assert subjects == {"alice": [day, week, own], "adam": [day, week], "bob": [own]}
    body = next(one.body for one in sent()["adam"] if one.subject == week)
    for line in (
        "Spent         $ 1.2500",
        "$ 1.0000  Alice, 1 run",
        "$ 1.0000  kling-2.6, 1 run",
        "1 run waits",
    ):
        assert line in body


def test_the_day_has_the_head_of_the_ledger(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "head_line", lambda: "ledger head: block 42 abababababababab 2026-11-25")
    spend(people.bob, "0.5", day=date(2026, 11, 24))
    mails.send_due(now=datetime(2026, 11, 25, 8, tzinfo=BERLIN))
    (letter,) = sent()["alice"]
    assert letter.subject == "Studio: $ 0.5000 on Tue 24 Nov"
    assert "Ledger head: block 42 abababababababab 2026-11-25" in letter.body


def test_each_is_sent_once(people: People) -> None:
    spend(people.bob, "0.25")
    for hour in range(30):
        mails.send_due(now=MORNING + timedelta(hours=hour))
    assert len(sent()["bob"]) == 1
    assert MailSent.objects.filter(user=people.bob.user).count() == 1


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (MORNING - timedelta(minutes=10), 0),
        (MORNING, 1),
        (MORNING + timedelta(days=1), 1),
        (MORNING + timedelta(days=2), 0),
    ],
)
def test_the_week_leaves_on_monday_morning_of_the_teams_zone(people: People, now: datetime, due: int) -> None:
    spend(people.bob, "0.25")
    mails.send_due(now=now)
    assert len(sent().get("bob", [])) == due


def test_nothing_is_said_where_there_is_nothing(people: People) -> None:
    mails.send_due(now=MORNING)
    assert mail.outbox == []


def test_the_sandbox_is_silent_until_somebody_asks(people: People) -> None:
    spend(people.bob, "0.25", mode="sandbox")
    mails.send_due(now=MORNING)
    assert mail.outbox == []
    MailSent.objects.all().delete()
    mails.choose(membership=people.membership("bob"), wanted=[(Mail.WEEK, "sandbox")])
    mails.send_due(now=MORNING)
    (letter,) = sent()["bob"]
    assert letter.subject.startswith("Studio (sandbox)")


def test_a_mail_that_fails_is_tried_again(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    spend(people.bob, "0.25")

    def fail(*args: object, **more: object) -> None:
        raise SMTPException("busy")

    with monkeypatch.context() as patch:
        patch.setattr(mails, "send_mail", fail)
        mails.send_due(now=MORNING)
    assert not MailSent.objects.filter(was_sent=True).exists()
    mails.send_due(now=MORNING)
    assert len(sent()["bob"]) == 1


def test_who_was_switched_off_or_left_gets_none(people: People) -> None:
    spend(people.bob, "0.25")
    people.bob.user.is_active = False
    people.bob.user.save()
    mails.choose(membership=people.membership("alice"), wanted=[])
    mails.send_due(now=MORNING)
    assert set(sent()) == {"adam"}


def test_the_page(people: People) -> None:
    url = "/t/studio/mails/"
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=200, audrey=200)
    text = people.bob.client().get(url).text
    assert "My week" in text
    assert "The team&#x27;s day" not in text
    assert "gets no mails" in people.audrey.client().get(url).text
    assert "/t/studio/mails/" in people.bob.client().get("/me/").text
    client = people.alice.client()
    assert client.post(url, {"wanted": ["week-live", "team_day-sandbox"]}).status_code == 302
    chosen = {pair for pair, wanted in mails.choices(people.membership("alice")).items() if wanted}
    assert chosen == {(Mail.WEEK, "live"), (Mail.TEAM_DAY, "sandbox")}
    assert client.post(url, {}).status_code == 302
    assert not any(mails.choices(people.membership("alice")).values())
    assert client.post(url, {"wanted": ["nonsense-live"]}).status_code == 200
