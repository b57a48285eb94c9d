"""Two to four runs side by side: what each returned, what it cost, and how its payload differs from the first one's."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Membership
from playground.payloads import diffs
from playground.payloads.diffs import Difference
from playground.runs import places, presentation
from playground.runs.models import Run
from playground.runs.presentation import Shown, ShownFile

FEWEST, MOST = 2, 4
LONGEST = 200_000


class CompareProblem(ValueError):
    """Runs that cannot be compared; the message is fit for the person."""


@dataclass(frozen=True)
class Pane:
    """One run. ``request`` and ``answer`` say how it differs from the first one; None on the first one itself."""

    letter: str
    shown: Shown
    file: ShownFile | None
    request: Difference | None
    answer: Difference | None
    answer_text: str

    @property
    def run(self) -> Run:
        return self.shown.run


@dataclass(frozen=True)
class Comparison:
    panes: list[Pane]

    @property
    def kind(self) -> str:
        """``image``, ``video`` or ``audio`` where all outputs are of that kind, else ``text``."""
        kinds = {pane.file.kind if pane.file is not None and pane.file.url else "" for pane in self.panes}
        only = kinds.pop() if len(kinds) == 1 else ""
        return only if only in ("image", "video", "audio") else "text"

    @property
    def title(self) -> str:
        names = list(dict.fromkeys(pane.run.endpoint for pane in self.panes))
        return names[0] if len(names) == 1 else " and ".join(names)


def find_runs(membership: Membership, mode: str, wanted: Sequence[str]) -> list[Run]:
    """The runs in the order asked for. Raises CompareProblem for too few, too many or one that is not there."""
    ids = list(dict.fromkeys(wanted))
    if len(ids) < FEWEST:
        raise CompareProblem("Tick at least two runs to compare them.")
    if len(ids) > MOST:
        raise CompareProblem(f"At most {MOST} runs are compared at a time; you ticked {len(ids)}.")
    try:
        keys = [uuid.UUID(one) for one in ids]
    except ValueError:
        raise CompareProblem("One of these is no run.") from None
    runs = Run.objects.visible_to(membership).in_mode(mode).select_related("api_key", "team").in_bulk(keys)
    if len(runs) != len(keys):
        raise CompareProblem("One of these runs is not there, or not yours to see.")
    return [runs[key] for key in keys]


def build(membership: Membership, runs: Sequence[Run]) -> Comparison:
    shown = [presentation.shown_run(membership, run) for run in runs]
    answers = [_answer(one) for one in shown]
    panes = []
    for place, one in enumerate(shown):
        is_first = place == 0
        has_files = any(file.url for file in one.files)
        panes.append(
            Pane(
                letter="ABCD"[place],
                shown=one,
                file=next((file for file in one.files if file.url), None),
                request=None if is_first else _difference(shown[0], one),
                answer=None if is_first or has_files else diffs.of_texts(answers[0], answers[place]),
                answer_text=answers[place],
            )
        )
    return Comparison(panes)


def _difference(first: Shown, other: Shown) -> Difference:
    facts = []
    for name in ("endpoint", "version"):
        before, after = getattr(first.run, name), getattr(other.run, name)
        if before != after:
            facts.append(f"{name} {before} → {after}")
    return diffs.of_texts(_request(first), _request(other), facts=tuple(facts))


def _request(shown: Shown) -> str:
    return shown.text.request_text if shown.text is not None and not shown.erased else ""


def _answer(shown: Shown) -> str:
    """A language model's words without what they were wrapped in; other JSON laid out, so that lines can be compared.

    It is the provider's text, not a person's.
    """
    text = shown.words or shown.response_text
    if shown.words or not shown.shows_json or len(text) > LONGEST:
        return text[:LONGEST]
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return places.laid_out(text)
