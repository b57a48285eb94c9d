"""The page of one payload: a version with its text, its figures, its runs and what changed."""

from dataclasses import dataclass
from typing import Any

from accounts.models import Membership
from playground.payloads import diffs, forks, library, stats, usage
from playground.payloads.models import Payload, PayloadFavourite, PayloadVersion
from playground.payloads.sent import values_in
from playground.payloads.stats import Stats
from playground.payloads.variables import from_data, plain_uses, with_defaults
from playground.runs import prose
from playground.runs.models import Output, Run

RECENT = 12
# Of what a run sent, to read its values out, and of one value.
LONGEST_READ = 100_000
LONGEST_SAID = 60
MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class VersionRow:
    version: PayloadVersion
    stats: Stats
    shown: bool


def page_of(
    *, membership: Membership, mode: str, payload: Payload, version: PayloadVersion
) -> dict[str, Any]:
    """The context of ``payloads/payload_detail.html``."""
    # The texts may be large, and the list shows none.
    seen = payload.versions.visible_to(membership)
    versions = list(seen.defer("text", "variables").order_by("-number")[:MOST_VERSIONS])
    figures = stats.of_versions(membership=membership, mode=mode, versions=[*versions, version])
    before = seen.filter(number__lt=version.number).order_by("-number").first()
    declared = from_data(version.variables)
    recent = stats.runs_of(membership=membership, mode=mode, payload=payload)
    runs = list(
        recent.select_related("payload_version", "text").defer("text__response_text", "text__search")[:RECENT]
    )
    return {
        "payload": payload,
        "version": version,
        "versions": [VersionRow(row, figures.get(row.id, Stats()), row.id == version.id) for row in versions],
        "stats": figures.get(version.id, Stats()),
        "is_newest": version.number == payload.newest,
        "before": before,
        "difference": diffs.between(before, version) if before is not None else None,
        "variables": declared,
        "undeclared": plain_uses(version.text, declared),
        "code_text": with_defaults(version.text, declared),
        "notes": prose.to_html(payload.notes) if payload.notes else "",
        "usage": usage.of_payload(membership=membership, mode=mode, payload=payload)
        if payload.is_shared
        else None,
        "source": forks.source_of(membership=membership, payload=payload),
        "fork_count": payload.forks.count(),
        "runs": [(run, picture_of(run), _said(run)) for run in runs],
        "cover": next(iter(library.covers_of(membership, mode, [payload]).values()), None),
        "favourite": PayloadFavourite.objects.filter(payload=payload, person=membership.user_id).exists(),
        "may_manage": payload.may_manage(membership),
        "readers": sorted(user.label for user in payload.readers.all()),
        "is_own": payload.owner_id == membership.user_id,
    }


def _said(run: Run) -> list[tuple[str, str]]:
    """Names and values of its variables, so that one row of a table is told from another."""
    text = run.text.request_text if run.text.erased_at is None else ""
    if run.payload_version is None or not 0 < len(text) < LONGEST_READ:
        return []
    values = values_in(run.payload_version, text) or {}
    return [(name, value[:LONGEST_SAID]) for name, value in values.items()]


def picture_of(run: Run) -> Output | None:
    """The first output that can stand as a cover."""
    outputs = sorted(run.outputs.all(), key=lambda output: output.position)
    return next(
        (
            output
            for output in outputs
            if output.state == Output.State.COPIED and output.file is not None and output.file.kind == "image"
        ),
        None,
    )
