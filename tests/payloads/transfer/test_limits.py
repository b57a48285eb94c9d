"""What is read in a small file is looked through once, and nothing is looked through that could not be kept."""

import json
from typing import Any

import pytest

from accounts.models import Membership
from playground.payloads.secrets import find_secrets
from playground.payloads.transfer import fitting, masking, postman, records, scope
from playground.payloads.transfer.masking import without_keys
from playground.payloads.transfer.postman import read_collection
from playground.payloads.transfer.records import MOST_TEXT, Found, Record, TransferProblem
from playground.payloads.variables import MOST
from tests.payloads.transfer.samples import collection, request, row

URL = "https://api.segmind.com/v1/painter"


class Scanner:
    """Counts what the scanner of keys is given, in every room that asks it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self._look = find_secrets
        for module in (fitting, masking, postman, records, scope):
            monkeypatch.setattr(module, "find_secrets", self.look)

    def look(self, text: str) -> Any:
        self.asked.append(text)
        return self._look(text)

    @property
    def size(self) -> int:
        return sum(len(text) for text in self.asked)


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch) -> Scanner:
    return Scanner(monkeypatch)


def test_the_name_of_a_folder_is_not_looked_at_for_each_request_and_only_if_it_is_a_name(
    scanner: Scanner,
) -> None:
    inside = [request(f"r{number}", "{}", url=URL) for number in range(50)]
    found = read_collection(collection({"name": "a red fox " * 50, "item": inside}), "file")
    assert len(found) == 50
    assert sum(text.startswith("a red fox") for text in scanner.asked) == 2, "itself, and for what is in it"
    (found_,) = read_collection(collection({"name": "fox" * 1000, "item": inside}), "file")
    assert found_.reason.startswith("Its name has more than 1000 characters")
    (found_,) = read_collection(collection(request("fox" * 1000, "{}", url=URL)), "file")
    assert (found_.path, found_.reason) == ("…", "Its name has more than 1000 characters.")
    assert not any("foxfox" in text for text in scanner.asked)


def test_a_value_that_many_requests_use_is_looked_at_once(scanner: Scanner) -> None:
    many = [request(f"r{number}", '{"a": "{{word}}"}', url=URL) for number in range(20)]
    read_collection(collection(*many, variable=[row("word", "a value"), row("long", "b" * 10**6)]), "file")
    assert sum("a value" in text for text in scanner.asked) == 2, "once as a default, once for the report"
    assert scanner.size < postman.MOST_LOOKED_AT


@pytest.mark.parametrize(
    "url",
    [
        URL + "/a" * 3000,
        {"raw": URL + "/:k", "variable": [row("k", "v" * 5000)]},
        {"raw": URL, "variable": [row(f"k{number}", "v") for number in range(51)]},
    ],
)
def test_an_address_that_is_none_is_refused(url: Any) -> None:
    (found,) = read_collection(collection(request("Fox", "{}", url=url)), "file")
    assert found.reason.startswith("Its address has more than")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"name": "f" * 1001}, "Its name has more than 1000"),
        ({"message": "f" * 1001}, "Its message has more than 1000"),
        ({"tags": tuple(f"t{number}" for number in range(300))}, "These are 300 tags"),
        ({"text": "[" * 60 + "]" * 60}, "nested more than 50"),
    ],
)
def test_what_cannot_be_kept_is_not_looked_through(
    bob: Membership, scanner: Scanner, more: dict[str, Any], reason: str
) -> None:
    said: dict[str, Any] = {"name": "Fox", "endpoint": "painter", "version": 1, "text": "{}", **more}
    found = Found("Fox", Record(**said))
    fitting.fit([found], membership=bob)
    assert reason in found.reason
    assert scanner.size == len("Fox") + 1 + len(found.reason), "only the report itself"


def test_notes_are_cut_before_they_are_looked_through(bob: Membership, scanner: Scanner) -> None:
    found = Found("Fox", Record("Fox", "painter", 1, "{}", notes="a red fox " * 20_000))
    fitting.fit([found], membership=bob)
    assert found.record is not None
    assert 49_000 < len(found.record.notes) <= 50_000
    assert scanner.size < 60_000
    with pytest.raises(TransferProblem, match="of text"):
        fitting.fit([Found("Fox", Record("Fox", "painter", 1, "{}", notes="a" * MOST_TEXT))], membership=bob)


def test_more_keys_than_variables_are_not_named_one_by_one() -> None:
    masked = without_keys(json.dumps({"a": [f"SG_{number:016x}" for number in range(500)]}), [])
    assert len(masked.added) == MOST + 1
    assert [one.name for one in masked.added[:3]] == ["a", "a_2", "a_3"]
