"""Payloads as lines of JSON: one object for each, its body as a string that holds the exact text."""

import json
from collections.abc import Iterable, Iterator

from playground.payloads.transfer.records import Found, Record, TransferProblem, check_count, record_of, shown


def write(records: Iterable[Record]) -> Iterator[bytes]:
    for record in records:
        yield json.dumps({**record.about(), "text": record.text}, ensure_ascii=False).encode() + b"\n"


def read(text: str, name: str) -> list[Found]:
    """A finding for each line of the file called ``name``; empty lines are none."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    check_count(len(lines))
    return [read_line(line, f"{name}, line {number}") for number, line in lines]


def read_line(line: str, place: str) -> Found:
    """One payload. ``place`` is where it stands, as the report names it."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return Found(place, reason="This line is not JSON.")
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        return Found(place, reason="This line is not a payload: it has no “text”.")
    try:
        record = record_of(data, data["text"])
    except TransferProblem as problem:
        return Found(place, reason=str(problem))
    return Found(f"{place}: {shown(record.name)}", record)
