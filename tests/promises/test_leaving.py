"""A member leaves while their runs, and runs with the key they lent, stand everywhere."""

import pytest

from accounts.models import ApiKey, Membership
from playground.runs.submit import SubmitProblem
from playground.workbench.leaving import remove_member
from tests.promises.house import House, until


def test_a_member_who_leaves_stops_what_was_not_sent_and_nothing_else(house: House) -> None:
    house = house.among("leaving")
    lent, text = house.new_key("bob", lent=True)
    own, _ = house.new_key("bob")
    job = house.send(own, version=2, body={"_sandbox": {"duration": 3}})
    house.wait_for(job, "accepted")
    with house.held(lent):
        flying = [house.fault(lent, "delay", ms=4000) for _ in range(3)]
    until(lambda: {house.state(run) for run in flying} == {"sending"}, "the calls to be in flight")
    with house.django():
        mine = [house.send(lent) for _ in range(2)]
        hers = house.send(lent, name="alice")
        cancelled = remove_member(
            actor=house.people.membership("alice"),
            leaving=Membership.objects.get(id=house.people.membership("bob").id),
        )
    assert cancelled == 2
    assert [house.row(run).reason for run in mine] == ["member_removed"] * 2
    assert [(house.state(run), house.row(run).billing) for run in mine] == [("cancelled", "not_billed")] * 2

    with house.django(), pytest.raises(SubmitProblem) as refused:
        house.send(lent, name="alice")
    assert refused.value.field == "key"
    house.settle_down([*flying, hers, job])
    assert [house.state(run) for run in flying] == ["succeeded"] * 3
    assert (house.state(hers), house.row(hers).billing) == ("not_sent", "not_billed")
    assert house.row(hers).reason == "key_revoked"
    assert len(house.posts(text)) == 3
    # The provider had taken the job: it is asked to its end with the key that may begin nothing more.
    assert (house.state(job), house.row(job).billing) == ("succeeded", "billed")
    with house.django():
        assert ApiKey.objects.get(id=own.id).state == ApiKey.State.REVOKED
