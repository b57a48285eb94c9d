from tests.personas import People, ask_everyone


def test_everybody_has_one(people: People) -> None:
    asked = ask_everyone(people, "/me/")
    assert asked == dict.fromkeys(("alice", "adam", "bob", "audrey", "charlie"), 200) | {"nobody": 302}


def test_it_saves_the_name(people: People) -> None:
    people.bob.client().post("/me/", {"name": "Robert"})
    people.bob.user.refresh_from_db()
    assert people.bob.user.label == "Robert"


def test_without_a_name_the_address_is_shown(people: People) -> None:
    people.bob.client().post("/me/", {"name": ""})
    people.bob.user.refresh_from_db()
    assert people.bob.user.label == "bob@example.com"
