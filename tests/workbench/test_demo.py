import json
from collections import Counter

import pytest
from pytest_django import Settings

from accounts.models import ApiKey, Membership, Mode, Role, Team, User
from playground.payloads.models import Payload
from playground.runs.models import Run, Source, State
from playground.workbench import demo


@pytest.fixture
def team(db: None) -> Team:
    return demo.make_demo(email="Owner@Example.com", password="correct horse battery staple")


def test_the_demo_team_has_an_owner_colleagues_and_sandbox_keys(team: Team) -> None:
    roles = Counter(Membership.objects.filter(team=team).values_list("role", flat=True))
    assert roles == {Role.OWNER: 1, Role.ADMIN: 1, Role.MEMBER: 2}
    assert set(ApiKey.objects.filter(team=team).values_list("mode", flat=True)) == {Mode.SANDBOX}
    assert ApiKey.objects.filter(team=team).count() == 4
    owner = User.objects.get(email="owner@example.com")
    assert owner.check_password("correct horse battery staple")
    assert not User.objects.get(email="alice@demo.invalid").has_usable_password()


def test_making_it_again_changes_nothing(team: Team) -> None:
    before = list(ApiKey.objects.order_by("id").values_list("id", "last_four"))
    demo.make_demo(email="owner@example.com", password="another password altogether")
    assert list(ApiKey.objects.order_by("id").values_list("id", "last_four")) == before
    assert User.objects.get(email="owner@example.com").check_password("correct horse battery staple")
    assert Membership.objects.filter(team=team).count() == 4


def test_a_few_dozen_runs_wait_to_be_really_sent(team: Team) -> None:
    sent = demo.send_runs(team_id=str(team.id))
    runs = Run.objects.filter(team=team).select_related("text")
    assert 24 <= sent == runs.count()
    assert {(run.state, run.mode, run.source) for run in runs} == {(State.QUEUED, Mode.SANDBOX, Source.DEMO)}
    assert {run.version for run in runs} == {1, 2}
    assert len({run.person_id for run in runs}) == 4
    faults = [json.loads(run.text.request_text).get("_sandbox", {}).get("fault") for run in runs]
    assert faults.count("drop_after_charge") == 1
    assert len([fault for fault in faults if fault]) >= 4


def test_colleagues_share_payloads_that_some_of_the_runs_came_from(team: Team) -> None:
    demo.send_runs(team_id=str(team.id))
    carol = Membership.objects.get(team=team, user__email="carol@demo.invalid")
    seen = Payload.objects.visible_to(carol)
    assert seen.count() == 4
    assert seen.values("owner").distinct().count() == 4
    stills = Run.objects.filter(payload_version__payload__name="Campaign stills")
    assert (stills.count(), {run.tag for run in stills}) == (8, {"autumn"})
    demo.send_runs(team_id=str(team.id))
    assert seen.count() == 4


def test_they_are_sent_once(team: Team) -> None:
    demo.send_runs(team_id=str(team.id))
    assert demo.send_runs(team_id=str(team.id)) == 0


def test_they_are_asked_for_only_with_a_sandbox_and_without_a_history(team: Team, settings: Settings) -> None:
    assert demo.enqueue_runs(team=team)
    demo.send_runs(team_id=str(team.id))
    assert not demo.enqueue_runs(team=team)
    Run.objects.all().delete()
    settings.SANDBOX_URL = ""
    assert not demo.enqueue_runs(team=team)
