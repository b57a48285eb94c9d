import pytest

from playground.catalogue.own import Values, add_own_endpoint
from tests.personas import People

URL = "/t/studio/endpoints/"


@pytest.mark.parametrize(
    ("name", "status"),
    [("alice", 200), ("adam", 200), ("bob", 403), ("audrey", 403), ("charlie", 404), ("nobody", 302)],
)
def test_who_may_look(people: People, name: str, status: int) -> None:
    assert getattr(people, name).client().get(URL).status_code == status


def test_an_empty_list_says_what_it_is_for(people: People) -> None:
    assert "No endpoint of your own yet" in people.alice.client().get(URL).content.decode()


def test_only_this_teams_own_are_listed(people: People, values: Values) -> None:
    add_own_endpoint(membership=people.membership("alice"), values=values)
    add_own_endpoint(
        membership=people.membership("alice"), values={**values, "slug": "veo-3", "title": "Our Veo"}
    )
    add_own_endpoint(membership=people.membership("charlie"), values={**values, "slug": "theirs"})
    page = people.alice.client().get(URL).content.decode()
    assert "harbour-lora" in page
    assert "theirs" not in page
    assert "seedream" not in page
    assert page.count("in place of Segmind’s") == 1


def test_a_name_is_shown_as_text(people: People, values: Values) -> None:
    add_own_endpoint(membership=people.membership("alice"), values={**values, "title": "<b>x</b>"})
    page = people.alice.client().get(URL).content.decode()
    assert "<b>x</b>" not in page
    assert "Delete &lt;b&gt;x&lt;/b&gt;?" in page
