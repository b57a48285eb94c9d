"""Run the same bytes once more with the seed that was used, and say whether the result is the same."""

import re
import uuid
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from accounts import access
from accounts.models import Membership
from playground.runs import again, links, places, submit
from playground.runs.models import Output, Run, RunLink, RunText, Source, State

Verdict = Literal["identical", "different", "waiting", "unknown"]
_RANDOM = re.compile(r'-\d+|null|"-\d+"|"random"|""')
_SEED = re.compile(r"-?(?:0|[1-9]\d*)\Z")


def text_of(text: str, seed: str) -> str:
    """``text`` with ``seed`` in it where it left the choice to the provider; otherwise not one byte changes."""
    if not _SEED.match(seed):
        return text
    place = places.find(text, ("seed",))
    if place is None:
        return places.written(text, ("seed",), seed)
    literal = text[place.start : place.end]
    if not _RANDOM.fullmatch(literal) or literal.strip('"') == seed:
        return text
    return places.written(text, ("seed",), f'"{seed}"' if literal.startswith('"') else seed)


def replay(*, membership: Membership, run: Run, token: uuid.UUID) -> Run:
    """A new queued run, linked to ``run``. Raises submit.SubmitProblem. ``token`` comes from the form."""
    if not access.can(membership, access.Ability.SEE_CONTENT):
        raise submit.SubmitProblem("body", "Your role in this team does not see what was sent.")
    words = RunText.objects.filter(run=run).only("request_text", "erased_at").first()
    if words is None or words.erased_at is not None:
        raise submit.SubmitProblem("body", "What this run sent was erased, so it cannot be sent again.")
    key = again.usable_key(membership, run)
    if key is None:
        raise submit.SubmitProblem("key", f"You have no {run.mode} key in this team that could send it.")
    text = text_of(words.request_text, run.seed)
    with transaction.atomic():
        new = submit.submit(
            membership=membership,
            endpoint=run.endpoint,
            version=run.version,
            key=key,
            body_text=text,
            # Another wish than Run again, which has the same token on the page of a run.
            token=uuid.uuid5(token, "replay"),
            source=Source.REPLAY,
            tag=run.tag,
            payload_version=run.payload_version_id if text == words.request_text else None,
        )
        links.link(run=new, earlier=run, why=RunLink.Why.REPLAY)
    return new


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay and what it is a replay of, seen from either side: ``other`` is the run at the far end."""

    other: Run
    verdict: Verdict
    is_replay: bool

    @property
    def words(self) -> str:
        return {
            "identical": "The result is identical, byte for byte.",
            "different": "The result is different.",
            "waiting": "Whether the result is identical is not known yet.",
            "unknown": "Whether the result is identical cannot be said: one of them has no result that is kept.",
        }[self.verdict]


def replays_of(membership: Membership, run: Run, *, most: int = 5) -> list[Replayed]:
    """What ``run`` is a replay of, and its own newest replays, as far as this person may see them."""
    visible = Run.objects.visible_to(membership).in_mode(run.mode)
    earlier = visible.filter(later_links__run=run, later_links__why=RunLink.Why.REPLAY)
    later = visible.filter(link__earlier=run, link__why=RunLink.Why.REPLAY).newest_first()[:most]
    found = [Replayed(one, verdict(one, run), is_replay=True) for one in earlier]
    return found + [Replayed(one, verdict(run, one), is_replay=False) for one in later]


def verdict(first: Run, second: Run) -> Verdict:
    """Whether both returned the same bytes: their files by hash and in order, else their answers' text."""
    if first.is_open or second.is_open:
        return "waiting"
    if first.state != State.SUCCEEDED or second.state != State.SUCCEEDED:
        return "unknown"
    results = [
        list(run.outputs.order_by("position").values_list("state", "file__sha256")) for run in (first, second)
    ]
    states = {state for result in results for state, _ in result}
    if Output.State.COPYING in states:
        return "waiting"
    if states - {Output.State.COPIED}:
        return "unknown"
    if not states:
        return _of_answers(first, second)
    return "identical" if results[0] == results[1] else "different"


def _of_answers(first: Run, second: Run) -> Verdict:
    texts = [
        RunText.objects.filter(run=run).values_list("response_text", flat=True).first()
        for run in (first, second)
    ]
    if not all(texts):
        return "unknown"
    return "identical" if texts[0] == texts[1] else "different"
