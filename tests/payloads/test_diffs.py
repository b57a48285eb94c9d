"""What changed between two texts: the lines, the words in them, and what is left out where comparing takes too long."""

import pytest

from playground.payloads import diffs
from playground.payloads.models import PayloadVersion


def marked(found: diffs.Difference) -> list[tuple[str, list[str]]]:
    return [(line.sign, [part.text for part in line.parts if part.changed]) for line in found.lines]


def test_a_difference_marks_words_and_names_what_else_changed() -> None:
    old = PayloadVersion(
        version=1,
        text='{"prompt": "A {{animal}}", "seed": 1}',
        variables=[{"name": "animal", "type": "text"}, {"name": "seed", "type": "integer"}],
    )
    new = PayloadVersion(version=2, text=old.text.replace("A ", "An "), variables=[])
    found = diffs.between(old, new)
    assert found.facts == ("v1 → v2", "animal is no variable any more", "seed is no variable any more")
    assert marked(found) == [("−", ["A"]), ("+", ["An"])]
    assert "".join(part.text for part in found.lines[1].parts) == new.text
    assert diffs.between(old, old).is_empty


def test_a_word_in_a_long_prompt_is_still_found() -> None:
    words = [f"w{number}" for number in range(600)]
    changed = [*words[:350], "another", *words[351:]]
    assert marked(diffs.of_texts(" ".join(words), " ".join(changed))) == [
        ("−", ["w350"]),
        ("+", ["another"]),
    ]


def test_a_line_among_thousands_that_repeat_is_still_found() -> None:
    lines = [line for number in range(1300) for line in (f'"{number}": [', "{", "},")]
    changed = [*lines[:1950], "new", *lines[1951:]]
    found = diffs.of_texts("\n".join(lines), "\n".join(changed))
    assert [(line.sign, line.before, line.after) for line in found.lines if line.kind in ("gone", "new")] == [
        ("−", 1951, None),
        ("+", None, 1951),
    ]


@pytest.mark.parametrize("between", [" ", "\n],\n"])
def test_what_only_repeats_is_not_matched_where_there_is_much_of_it(between: str) -> None:
    old, new = (between.join(f"{letter}{number}" for number in range(400)) for letter in "ab")
    found = diffs.of_texts(old, new)
    assert {line.kind for line in found.lines} == {"gone", "new"}
    for sign, text in (("−", old), ("+", new)):
        shown = [line.parts for line in found.lines if line.sign == sign]
        assert [len(parts) for parts in shown] == [1] * len(text.splitlines())
        assert "\n".join(parts[0].text for parts in shown) == text


def test_where_words_take_too_long_lines_stay() -> None:
    old, new = ("\n".join(f"{'x ' * 1900}{letter}{number}" for number in range(500)) for letter in "ab")
    found = diffs.of_texts(old, new)
    assert [line.kind for line in found.lines] == ["gone"] * 500 + ["new"] * 500
    assert marked(found)[0] == ("−", ["a0"])
    assert marked(found)[499] == ("−", [])
