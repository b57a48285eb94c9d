"""Makes what was found in a file fit the team that takes it in, and says what had to change."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from accounts.models import Membership
from playground import figures
from playground.catalogue.offers import offered_models
from playground.payloads.models import Payload
from playground.payloads.opening import sendable_files
from playground.payloads.saving import MOST_TAGS, PayloadProblem, check_content, clean_folder
from playground.payloads.secrets import find_secrets
from playground.payloads.transfer.masking import without_keys, without_markers
from playground.payloads.transfer.records import (
    LONGEST_WORDS,
    MOST_TEXT,
    Found,
    Record,
    TransferProblem,
    record_of,
    shown,
)
from playground.payloads.variables import MOST, Kind, Variable
from playground.runs import body
from playground.runs.body import BodyProblem

LONGEST_NAME = LONGEST_FOLDER = 120
LONGEST_NOTES = 50_000
MOST_TAGS_READ = 10 * MOST_TAGS


@dataclass(frozen=True, slots=True)
class _Team:
    membership: Membership
    models: frozenset[str]
    into: str


def fit(found: Sequence[Found], *, membership: Membership, into: str = "") -> None:
    """Checks every record, leaves keys out and drops what this team cannot keep; all of it is written into ``found``.

    ``into`` is a folder that everything goes below. Raises TransferProblem where it is too much at once.
    """
    size = sum(one.record.size for one in found if one.record is not None)
    if size > MOST_TEXT:
        raise TransferProblem(
            f"The payloads in it are {figures.size(size)} of text; at most {figures.size(MOST_TEXT)} can be imported "
            "at once. Nothing was taken: split it up."
        )
    models = frozenset(slug for slug, _ in offered_models(membership))
    team = _Team(membership, models, clean_folder(into))
    for one in found:
        try:
            one.record = _fitted(one, one.record, team) if one.record is not None else None
        except TransferProblem as problem:
            one.drop(str(problem))
        one.scrub()
    _name_apart(found, membership)


def _fitted(one: Found, record: Record, team: _Team) -> Record:
    if record.endpoint not in team.models:
        raise TransferProblem(
            f"No model is called {shown(record.endpoint)} in this team. Add it among the team’s own models, then "
            "import it again."
        )
    record = record_of(record.about(), record.text)  # refuses what no database keeps
    _check_sizes(record)
    record = _with_short_notes(one, record)
    record = _without_secret_words(one, record)
    record = _shortened(one, record, team.into)
    record = _without_secrets(one, record)
    record = _with_known_files(one, record, team.membership)
    try:
        check_content(record.version, record.text, record.variables)
    except PayloadProblem as problem:
        raise TransferProblem(str(problem)) from problem
    return record


def _check_sizes(record: Record) -> None:
    """Raise TransferProblem for what would take long to be looked through, and could not be kept afterwards."""
    try:
        body.check_depth(record.text)
    except BodyProblem as problem:
        raise TransferProblem(str(problem)) from problem
    if len(record.variables) > MOST:
        raise TransferProblem(f"These are {len(record.variables)} variables; the most is {MOST}.")
    if len(record.tags) > MOST_TAGS_READ:
        raise TransferProblem(f"These are {len(record.tags)} tags; the most is {MOST_TAGS}.")
    words = {"name": record.name, "message": record.message, "cost centre": record.run_tag}
    for what, said in words.items():
        if len(said.strip()) > LONGEST_WORDS:
            raise TransferProblem(f"Its {what} has more than {LONGEST_WORDS} characters.")


def _with_short_notes(one: Found, record: Record) -> Record:
    notes = record.notes.strip()
    if len(notes) > LONGEST_NOTES:
        # The last word goes: half of a key would not be known as one.
        notes = notes[:LONGEST_NOTES].rsplit(None, 1)[0]
        one.changes.append(f"Its notes are cut to {LONGEST_NOTES} characters.")
    return replace(record, notes=notes)


def _shortened(one: Found, record: Record, into: str) -> Record:
    name = " ".join(record.name.split())
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 1]}…"
        one.changes.append(f"Its name is cut to {LONGEST_NAME} characters.")
    tags = {
        tag.casefold(): tag for tag in reversed([" ".join(tag.split())[:40] for tag in record.tags]) if tag
    }
    kept = tuple(reversed(tags.values()))[:MOST_TAGS]
    if kept != record.tags:
        one.changes.append("Its tags are not quite the same: each stands once, with at most 40 characters.")
    message, run_tag = record.message.strip()[:200], record.run_tag.strip()[:60]
    if (message, run_tag) != (record.message.strip(), record.run_tag.strip()):
        one.changes.append("Its message or cost centre is cut: they have at most 200 and 60 characters.")
    folder = _folder(one, record.folder, into)
    return replace(
        record,
        name=name or "unnamed",
        tags=kept,
        message=message,
        run_tag=run_tag,
        folder=folder,
    )


def _folder(one: Found, folder: str, into: str) -> str:
    """The path below ``into``, as many steps of it as fit."""
    steps = [" ".join(step.split()) for step in f"{into}/{folder}".replace("\\", "/").split("/")]
    steps = [step for step in steps if step not in ("", ".", "..")]
    fitting, length = [], -1
    for step in steps:
        length += 1 + len(step)
        if length > LONGEST_FOLDER:
            break
        fitting.append(step)
    if fitting != steps:
        one.changes.append(f"Its folder is cut: a path has at most {LONGEST_FOLDER} characters.")
    return "/".join(fitting)


def _without_secret_words(one: Found, record: Record) -> Record:
    """Name, notes and the rest without what looks like a key. All are looked at together first, which is quick."""
    variables = [row.as_data() for row in record.variables]
    words = [record.name, record.folder, record.notes, record.message, record.run_tag, *record.tags]
    if not find_secrets(json.dumps([*words, variables])):
        return record
    record = replace(
        record,
        name=_safe_words(one, "name", record.name) or record.endpoint,
        folder=_safe_words(one, "folder", record.folder),
        notes=_safe_words(one, "notes", record.notes),
        message=_safe_words(one, "message", record.message),
        run_tag=_safe_words(one, "cost centre", record.run_tag),
    )
    tags = tuple(tag for tag in record.tags if _safe_words(one, "tag", tag))
    return replace(record, tags=tags, variables=tuple(_safe(one, row) for row in record.variables))


def _safe_words(one: Found, what: str, words: str) -> str:
    if not find_secrets(words):
        return words
    one.holds_key = True
    one.changes.append(f"Its {what} held something like a key and was left out.")
    return ""


def _safe(one: Found, variable: Variable) -> Variable:
    if not find_secrets(json.dumps([{variable.name: variable.default or ""}, variable.as_data()])):
        return variable
    if find_secrets(variable.name):
        raise TransferProblem("The name of one of its variables looks like a key.")
    one.holds_key = True
    one.changes.append(f"What was said of {variable.name} held something like a key, so it is asked for.")
    return Variable(variable.name, Kind.TEXT if variable.kind is Kind.CHOICE else variable.kind)


def _without_secrets(one: Found, record: Record) -> Record:
    if not find_secrets(record.text):
        return record
    one.holds_key = True
    masked = without_keys(record.text, record.variables)
    left = find_secrets(masked.text)
    if left:
        raise TransferProblem(
            f"Something like a key is in its body ({left[0].path}) and could not be taken out."
        )
    one.changes += [f"A key was left out of its body: {place}, asked for." for place in masked.places]
    return replace(record, text=masked.text, variables=(*record.variables, *masked.added))


def _with_known_files(one: Found, record: Record, membership: Membership) -> Record:
    """A marker opens only a file of this team that this person sees; any other is a slot to fill."""
    if "atelier-file:" not in record.text:
        return record
    own = list(body.markers(record.text, team_id=membership.team_id))
    seen = sendable_files(membership, {one.file_id for one in own})
    kept = frozenset(
        record.text[marker.start + 1 : marker.end - 1] for marker in own if marker.file_id in seen
    )
    masked = without_markers(record.text, record.variables, kept, most=MOST)
    one.changes += [
        f"A file that is not here stood in its body: {place}, asked for." for place in masked.places
    ]
    return replace(record, text=masked.text, variables=(*record.variables, *masked.added))


def _name_apart(found: Iterable[Found], membership: Membership) -> None:
    taken = taken_names(membership)
    for one in found:
        if one.record is not None:
            free = free_name(one.record, taken)
            one.renamed = free if free != one.record.name else ""


def taken_names(membership: Membership) -> set[tuple[str, str]]:
    """Folder and name of what this person sees; others' private payloads tell nothing by a clash."""
    rows = Payload.objects.visible_to(membership).kept().values_list("folder", "name")
    return {(folder.casefold(), name.casefold()) for folder, name in rows}


def free_name(record: Record, taken: set[tuple[str, str]]) -> str:
    """A name that nothing in its folder has, which it has from now on."""
    folder, name, number = record.folder.casefold(), record.name, 1
    while (folder, name.casefold()) in taken:
        number += 1
        end = f" ({number})"
        name = f"{record.name[: LONGEST_NAME - len(end)]}{end}"
    taken.add((folder, name.casefold()))
    return name
