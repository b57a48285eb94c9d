"""Files that are broken, too large or hostile: each is told at its place, and nothing of it is trusted."""

import io
import json
import zipfile
from typing import Any

import pytest

from playground.payloads.transfer import reading
from playground.payloads.transfer.records import MOST_BYTES, TransferProblem
from tests.payloads.transfer.samples import collection, request, written
from tests.payloads.transfer.test_roundtrip import Upload

GOOD = b'{"name": "Fox", "endpoint": "painter", "version": 1, "body": {"a": 1}}'


def zipped(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def refusal(data: bytes, name: str = "upload", size: int | None = None) -> str:
    with pytest.raises(TransferProblem) as caught:
        reading.read(Upload(data, name, size))
    return str(caught.value)


def reasons(data: bytes, name: str = "upload.json") -> list[str]:
    return [found.reason for found in reading.read(Upload(data, name))]


class Unread(Upload):
    def read(self) -> bytes:
        raise AssertionError("it was read")


def test_what_is_too_large_is_never_read() -> None:
    with pytest.raises(TransferProblem, match=r"This is 52\.4 MB, so it was not read; at most 20\.0 MB"):
        reading.read(Unread(b"", "big.json", 50 * 1024 * 1024))


def test_a_zip_that_grows_is_stopped_at_the_limit() -> None:
    bomb = zipped({"a.json": b" " * (MOST_BYTES // 2), "b.json": b" " * (MOST_BYTES // 2), "c.json": b"  "})
    assert len(bomb) < 100_000
    assert "unpacks to more than 20.0 MB" in refusal(bomb, "bomb.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_that_gives_out_whole_blocks_is_not_opened(method: int) -> None:
    assert "packed in an unusual way" in refusal(zipped({"a.json": b" " * 1000}, method=method), "bomb.zip")


def test_files_that_share_their_bytes_are_refused() -> None:
    data = bytearray(zipped({"a.json": GOOD, "b.json": GOOD}))
    for at in (data.find(b"PK\x01\x02"), data.rfind(b"PK\x01\x02")):
        data[at + 20 : at + 24] = len(data).to_bytes(4, "little")
    assert "holds more than it does" in refusal(bytes(data), "bomb.zip")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../a.json", "leads out of the archive"),
        ("a/../../b.json", "leads out of the archive"),
        ("/etc/a.json", "leads out of the archive"),
        ("C:\\a.json", "leads out of the archive"),
        ("a\\..\\b.json", "leads out of the archive"),
    ],
)
def test_a_path_that_leads_out_is_refused(path: str, words: str) -> None:
    assert words in refusal(zipped({"good.json": GOOD, path: GOOD}))


def test_a_file_that_stands_twice_is_refused() -> None:
    made = io.BytesIO(zipped({"a.json": GOOD}))
    with zipfile.ZipFile(made, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a.json", GOOD)
    assert "stands twice" in refusal(made.getvalue())


def test_damaged_and_encrypted_zips_are_named() -> None:
    data = bytearray(zipped({"a.json": GOOD * 50}))
    assert "damaged" in refusal(bytes(data[:-30]))
    assert "damaged" in refusal(bytes(data[:60]) + b"\xff\xff\xff" + bytes(data[63:]))
    for start in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[start] |= 1
    assert "is encrypted" in refusal(bytes(data))


def test_a_folder_takes_what_it_can_and_names_the_rest() -> None:
    data = zipped(
        {
            "x/good.json": GOOD,
            "README.md": b"# Ours",
            "x/.git/config": b"[core]",
            "bad.json": b'{"a": ',
            "a.png": b"\x89PNG",
        }
    )
    found = {one.path: one.reason for one in reading.read(Upload(data, "all.zip"))}
    assert found == {
        "all.zip: x/good.json: Fox": "",
        "all.zip: README.md": "It is no JSON, so it was left out.",
        "all.zip: a.png": "It is not UTF-8 text (byte 1). Save it as UTF-8 and choose it again.",
        "all.zip: bad.json": "It is not valid JSON: line 1, column 7.",
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "It is empty."),
        (b'{"info": {}, "item": [', "It is not valid JSON: line 1, column 23."),
        (b"[1, 2]", "neither a collection nor an exported payload"),
        (b'{"a": 1}', "neither a collection nor an exported payload"),
        (b"[" * 200_000, "It is nested too deeply."),
        (b'{"item":' * 100_000, "It is nested too deeply."),
        (b'{"body": {}}', "“version” has to be 1 or 2."),
        (b'{"name": "x", "endpoint": "p", "version": 1, "body": {}, "body": {}}', "“body” stands twice in it."),
        (b'{"name": ["x"], "endpoint": "p", "version": 1, "body": {}}', "“name” has to be text."),
        (b'{"name": "\\ud800", "endpoint": "p", "version": 1, "body": {}}', "“name” has half of a character."),
        (b'{"name": "a\\u0000", "endpoint": "p", "version": 1, "body": {}}', "cannot be kept (NUL)"),
        (b'{"atelier": 9, "name": "x", "endpoint": "p", "version": 1, "body": {}}', "written by a newer Atelier"),
        (b'{"name": "x", "endpoint": "p", "version": 1, "body": {}, "variables": [{"name": "a", "type": "odd"}]}',
         "a has the type odd"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named(data: bytes, reason: str) -> None:
    (found,) = reasons(data)
    assert reason in found


def test_a_text_that_is_not_utf8_is_named() -> None:
    assert "It is not UTF-8 text (byte 7)." in reasons(b'{"a":"\xe9"}')[0]


def test_more_items_than_go_at_once_are_refused_together() -> None:
    many = collection(*[request(f"It {number}", "{}") for number in range(3000)])
    assert refusal(written(many)).startswith("These are 3000 payloads; the most is 1000 at a time.")
    many["item"] *= 4
    assert refusal(written(many)).startswith("These are more than 4000 folders and requests.")


def test_lines_are_told_one_by_one() -> None:
    lines = [
        {"name": "Fox", "endpoint": "painter", "version": 1, "text": '{"a": 1e999, "a": 1}'},
        {"name": "No text", "endpoint": "painter", "version": 1},
        {"name": "Odd", "endpoint": "painter", "version": True, "text": "{}"},
    ]
    data = "\n".join([*(json.dumps(line) for line in lines), "", "no json"]).encode()
    found: list[Any] = reading.read(Upload(data, "all.jsonl"))
    assert found[0].record.text == '{"a": 1e999, "a": 1}'
    assert [(one.path, one.reason) for one in found[1:]] == [
        ("all.jsonl, line 2", "This line is not a payload: it has no “text”."),
        ("all.jsonl, line 3", "“version” has to be 1 or 2."),
        ("all.jsonl, line 5", "This line is not JSON."),
    ]


def test_what_can_be_parsed_but_is_too_deep_for_more_is_told() -> None:
    said = set()
    for depth in range(600, 1000):
        item = {
            **request("Fox", "{}", url="https://api.segmind.com/v1/painter"),
            "event": [{"script": "DEEP"}],
        }
        data = written(collection(item)).replace(b'"DEEP"', b"[" * depth + b"1" + b"]" * depth)
        said |= set(reasons(data))
    assert said == {"", "It is nested too deeply."}
