"""What a person wrote is what the provider gets, byte for byte, and what it returns is what is kept."""

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest

from playground.runs import body
from playground.runs.calls import READ_PIECE
from tests.promises.house import House
from tests.promises.recorder import LARGE
from tests.runs.factories import make_file

TEXTS = (
    '{"prompt": "x", "seed": 18446744073709551616, "cfg": 1.0, "steps": 4.50}',
    '{ "prompt" : "x" ,\n\t"prompt": "twice",\n "z": 1, "a": 2 }\n',
    '{"prompt": "\\u00e9 é \U0001f6a2 \\ud83d\\ude00 \\u0000 \\/ \u2028"}',
    '{"prompt": "x", "n": ' + "9" * 4000 + "}",
    '{"prompt": "' + "long " * 100_000 + '"}',
)
# Answers in words: nothing has to be drawn for them.
CHAT = "llama-v3p1-8b-instruct"
# Around the borders of base64's groups of three and of the pieces a file is read in.
SIZES = (1, 2, 3, 1000, READ_PIECE - 1, READ_PIECE, READ_PIECE + 1, 2 * READ_PIECE + 2)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_body_is_sent_as_the_exact_text(house: House) -> None:
    keys = [house.new_key() for _ in TEXTS]
    with house.django():
        runs = [
            [house.send(key, text=text, version=version, endpoint=CHAT) for version in (1, 2)]
            for text, (key, _) in zip(TEXTS, keys, strict=True)
        ]
    for text, (_, secret), both in zip(TEXTS, keys, runs, strict=True):
        for run in both:
            house.wait_for(run, "succeeded", "accepted")
            stored = house.stack.sql("SELECT request_text FROM playground_runtext WHERE run_id = %s", run)
            assert stored == [(text,)]
        assert [post["body_sha256"] for post in house.posts(secret)] == [sha256(text)] * 2


@pytest.mark.parametrize("how", ["base64", "data-uri"])
def test_a_file_stands_where_its_marker_stood(house: House, how: body.How) -> None:
    sent = []
    with house.django():
        membership = house.people.membership("bob")
        for size in SIZES:
            key, secret = house.new_key()
            data = os.urandom(size)
            file = make_file(membership, data)
            file.holders.add(membership.user)
            mark = body.make_marker(team_id=membership.team_id, file_id=file.id, how=how)
            text = f'{{"prompt": "é",  "image": "{mark}", "again": ["{mark}"], "seed": 1.0}}'
            value = base64.b64encode(data).decode()
            if how == "data-uri":
                value = f"data:image/png;base64,{value}"
            sent.append((house.send(key, text=text), secret, text.replace(mark, value)))
    for run, secret, expected in sent:
        house.wait_for(run, "succeeded")
        assert [post["body_sha256"] for post in house.posts(secret)] == [sha256(expected)]


def test_an_upload_is_put_there_once_and_its_address_is_sent(house: House) -> None:
    key, secret = house.new_key()
    data = os.urandom(5000)
    with house.django():
        membership = house.people.membership("bob")
        file = make_file(membership, data)
        file.holders.add(membership.user)
        mark = body.make_marker(team_id=membership.team_id, file_id=file.id, how="upload")
    text = f'{{"prompt": "x", "image": "{mark}", "mask": "{mark}"}}'
    for _ in range(2):
        house.wait_for(house.send(key, text=text), "succeeded")
    uploads = [record for record in house.sandbox.books(key=secret) if record["kind"] == "upload"]
    assert len(uploads) == 1
    ((url,),) = house.stack.sql("SELECT url FROM playground_fileupload WHERE file_id = %s", file.id)
    expected = sha256(text.replace(mark, url))
    assert [post["body_sha256"] for post in house.posts(secret)] == [expected] * 2


def kept(house: House, run: object) -> tuple[bytes, str, str]:
    """The bytes of a run's only output, its kind, and the words that were kept beside it."""
    ((name, kind, words),) = house.stack.sql(
        "SELECT f.storage_name, f.kind, t.response_text FROM playground_output o"
        " JOIN playground_file f ON f.id = o.file_id JOIN playground_runtext t ON t.run_id = o.run_id"
        " WHERE o.run_id = %s",
        run,
    )
    return Path(house.stack.env["MEDIA_ROOT"], name).read_bytes(), kind, words


def test_a_picture_inside_json_is_a_picture_whatever_its_size(house: House) -> None:
    key, _ = house.new_key(text=f"SG_{os.urandom(8).hex()}")
    run = house.send(key, body={"do": "base64"})
    house.wait_for(run, "succeeded")
    data, kind, words = kept(house, run)
    assert (data, kind) == (LARGE, "image")
    answer = json.loads(words)
    assert answer["seed"] == 7
    assert "kept as a file" in answer["image"]


@pytest.mark.parametrize("version", [1, 2])
def test_what_the_provider_returned_is_kept(house: House, version: int) -> None:
    key, secret = house.new_key()
    run = house.send(key, version=version, body={"seed": 20 + version})
    house.settle_down([run])
    data, kind, _ = kept(house, run)
    (charge,) = house.sandbox.charges(secret)
    (returned,) = charge["files"]
    assert kind == "image"
    assert hashlib.sha256(data).hexdigest() == returned["sha256"]
