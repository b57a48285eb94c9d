"""What a text's file markers tell the person who opens it."""

import json

import pytest

from playground.runs import body
from playground.workbench.uploads import chips
from tests.personas import make_people
from tests.runs.factories import make_file


@pytest.mark.django_db
def test_a_marker_tells_nothing_about_a_file_one_may_not_see() -> None:
    people = make_people()
    alice, bob = people.membership("alice"), people.membership("bob")
    file = make_file(alice, name="payroll.png")
    file.holders.add(alice.user)
    mark = body.make_marker(team_id=people.team.id, file_id=file.id, how="base64")
    text = json.dumps({"image": mark})
    assert chips(text, membership=alice, mode="sandbox")[mark]["name"] == "payroll.png"
    assert chips(text, membership=bob, mode="sandbox") == {}
