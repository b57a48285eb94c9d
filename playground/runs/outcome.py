"""What came of a claimed run, as plain values: it must survive in a local file while PostgreSQL is away."""

import json
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from playground.segmind.billing import Verdict

KEPT_TEXT = 512 * 1024


def clean(text: str, limit: int = KEPT_TEXT) -> str:
    """``text`` as PostgreSQL can hold it: no NUL, no half characters, at most ``limit`` characters."""
    return text[:limit].replace("\x00", "\ufffd").encode(errors="replace").decode()


@dataclass(frozen=True, slots=True)
class Arrived:
    """One result of a run: an address to copy from, or bytes that are already in this node's spool."""

    url: str = ""
    spool_name: str = ""
    sha256: str = ""
    size: int = 0
    media_type: str = ""
    kind: str = ""
    lost: str = ""  # why there will be no copy, when that is already known


@dataclass(frozen=True, slots=True)
class Outcome:
    """The next facts of one run. ``next_poll`` (seconds from now) set means: accepted and still running."""

    run_id: str
    team_id: str
    state: str
    billing: str
    cost: str | None = None
    cost_source: str = ""
    submit_status: int | None = None
    status: int | None = None
    request_id: str = ""
    error_kind: str = ""
    error_text: str = ""
    seed: str = ""
    generation_time: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    rule_version: int = 1
    output_kind: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    response_text: str = ""
    outputs: list[Arrived] = field(default_factory=list)
    next_poll: float | None = None
    at: float = 0.0  # seconds since the epoch

    @classmethod
    def from_verdict(cls, run_id: str, team_id: str, verdict: Verdict, **more: Any) -> Self:
        """The outcome that ``verdict`` decided, with every text made fit for the database."""
        evidence = {
            key: clean(value, 500) if isinstance(value, str) else value
            for key, value in verdict.evidence.items()
        }
        seconds = verdict.generation_time
        return cls(
            run_id=run_id,
            team_id=team_id,
            state=str(verdict.state),
            billing=str(verdict.billing),
            cost=None if verdict.cost is None else str(verdict.cost),
            cost_source=str(verdict.cost_source or ""),
            request_id=clean(verdict.request_id, 200),
            error_kind=clean(verdict.error_kind, 40),
            error_text=clean(verdict.error_text, 20_000),
            seed=clean(verdict.seed, 40),
            generation_time=str(seconds) if seconds is not None and seconds < 10_000_000 else None,
            evidence=evidence,
            rule_version=int(evidence.get("rule_version") or 1),
            at=time.time(),
            **more,
        )

    def adding(self, **more: Any) -> Self:
        return replace(self, **more)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        data = json.loads(line)
        data["outputs"] = [Arrived(**item) for item in data["outputs"]]
        data["headers"] = [(name, value) for name, value in data["headers"]]
        return cls(**data)
