"""Files inside a text become named slots, and nothing else of the text changes."""

import base64
import json
import random

import pytest
from pytest_django import Settings

from playground.payloads import slots
from playground.payloads.variables import MOST
from playground.runs import body
from tests.payloads.conftest import Save
from tests.personas import People

DATA = base64.b64encode(random.Random(7).randbytes(3000)).decode()
PICTURE = "data:image/png;base64,iVBORw0KGgo" + DATA
MARKER = "atelier-file:018f3c5e-7a1b-7c2d-8e3f-4a5b6c7d8e9f:base64:0123456789abcdef0123456789abcdef"
TOKEN = "018f3c5e_" + "Zx9Kq2Lw8Rt5Yu1-Io4Pa7Sd3Fg6Hj0K_l"

CARRIED = {
    "a data URI": PICTURE,
    "a data URI in words": f"like this: {PICTURE} please",
    "a data URI that is no base64": "data:image/svg+xml,%3Csvg%20onload=1%3E",
    "bare base64": DATA,
    "base64 for addresses": DATA.replace("+", "-").replace("/", "_"),
    "base64 in lines": "\n".join(DATA[at : at + 76] for at in range(0, len(DATA), 76)),
    "an upload": "https://images.segmind.com/assets/4f1c.png",
    "an upload without its scheme": "storage.segmind.com/assets/4f1c.png",
    "an upload in a sentence": "as in (https://images.segmind.com/assets/4f1c.png), but blue",
    "a result": "https://images.segmind.com/generations/4f1c.jpeg",
    "an address in this house": "http://localhost:8000/t/studio/files/018f3c5e-7a1b-7c2d-8e3f-4a5b6c7d8e9f/",
    "a path in this house": "/t/studio/live/history/018f3c5e-7a1b-7c2d-8e3f-4a5b6c7d8e9f/",
    "an address in this house by another name": "http://127.0.0.1:8000/t/studio/live/history/018f3c5e/",
    "an address under a name it also has": "https://atelier.example/accounts/018f3c5e/",
    "an address under a name below one": "https://deep.down.studio.example:8443/018f3c5e/",
    "a path from where one is": "[it](../../t/studio/live/history/018f3c5e/)",
    "a link of this house": f"http://localhost:8000/s/{TOKEN}",
    "a link's path": f"see /s/{TOKEN}",
    "a link's path from where one is": f"./s/{TOKEN}/files/1/",
    "a file of the team": MARKER,
    "JSON in a string": json.dumps({"a": PICTURE, "b": [1.0]}),
    "JSON in JSON in a string": json.dumps(json.dumps({"a": PICTURE})),
}

PASSES = [
    "A harbour at dawn, {{animal}} and {{{braces}}}",
    "https://example.com/a.png?w=1",
    "-" * 400,
    "abab" * 100,
    "one two three " * 100,
    "data: from the lab, metadata:none, and a/b/c",
    "http://localhost:3000/assets/x.png and 127.0.0.1:8188/view",
    "https://example.com/t/studio/live/ and example.com/s/" + "a" * 30,
    r"https:\/\/example.com\/t\/studio\/live\/ and either/s/or",
    "../textures/s/wood.png, ./t, cats /t dogs /s",
    "https://myimages.segmind.com.example.org/assets/x.png",
]


@pytest.fixture(autouse=True)
def names(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "atelier.example", ".studio.example"]


@pytest.mark.parametrize("name", CARRIED)
@pytest.mark.parametrize("escaped", [False, True])
def test_what_is_ones_own_becomes_a_slot(name: str, escaped: bool) -> None:
    before, after = '{"seed":  1.0, "input_image": ', ', "big": 12345678901234567890, "seed": 1.0}'
    value = json.dumps(CARRIED[name])
    emptied = slots.take_out(before + (value.replace("/", "\\/") if escaped else value) + after, files=True)
    assert [slot.name for slot in emptied.slots] == ["input_image"]
    assert emptied.text.startswith(before)
    assert emptied.text.endswith(after)
    said = json.loads(emptied.text)["input_image"]
    assert "{{input_image}}" in said
    assert not any(word in said for word in (DATA[40:80], "4f1c", "018f3c5e", "svg"))


@pytest.mark.parametrize("words", PASSES)
def test_what_people_type_stays_as_it_is(words: str) -> None:
    text = json.dumps({"prompt": words, "n": 1.0})
    assert slots.take_out(text, files=True) == slots.Emptied(text, ())
    assert slots.without(words, files=True) == words


def test_names_are_new_and_the_same_thing_twice_is_one() -> None:
    text = json.dumps(
        {"image": [PICTURE, PICTURE, DATA], "p": "{{image_2}} is a word of the prompt", "9": DATA[::-1]}
    )
    emptied = slots.take_out(text, taken=["Image"], files=True)
    assert [slot.name for slot in emptied.slots] == ["image_3", "image_4", "file_9"]
    assert json.loads(emptied.text)["image"] == ["{{image_3}}", "{{image_3}}", "{{image_4}}"]
    assert emptied.slots[0].what == "a picture, 3.0 kB"


def test_of_more_than_can_be_declared_all_are_taken_out_and_none_is_named() -> None:
    text = json.dumps({"images": [f"//images.segmind.com/4f1c{n}" for n in range(20_000)]})
    emptied = slots.take_out(text, taken=["images"], files=False)
    assert [slot.name for slot in emptied.slots] == [f"images_{n}" for n in range(2, MOST + 3)]
    assert "4f1c" not in emptied.text
    assert json.loads(emptied.text)["images"][-1] == f"{{{{images_{MOST + 2}}}}}"


def test_names_count_on_where_others_took_them() -> None:
    text = json.dumps({"a_2": DATA, "a": [PICTURE, DATA[1:]], "A": DATA[2:]})
    emptied = slots.take_out(text, files=False)
    assert [slot.name for slot in emptied.slots] == ["a_2", "a", "a_3", "A_4"]


def test_a_house_of_any_name_knows_its_paths(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    said = (
        f"http://atelier.lan/t/studio/live/ and https://10.0.0.7:8000/s/{TOKEN}/ and https://example.com/a/b"
    )
    assert slots.without(said, files=True) == (
        "[an address in Atelier left out] and [an address in Atelier left out] and https://example.com/a/b"
    )


def test_files_of_the_team_stay_for_teammates(people: People, save: Save) -> None:
    mark = body.make_marker(team_id=people.team.id, file_id=people.team.id, how="upload")
    text = json.dumps({"image": mark})
    assert slots.take_out(text, files=False).text == text


def test_words_say_what_was_left_out() -> None:
    assert slots.without(f"see {PICTURE} and {MARKER}.", files=True) == (
        "see [a picture, 3.0 kB left out] and [a file of the team left out]."
    )
