"""Outputs of runs as one zip, with what each was made from: streamed, so that its size costs no memory."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Membership
from playground.ledger import archive
from playground.runs import media
from playground.runs.models import File, Output, Run


@dataclass
class Manifest:
    """What the zip says of itself: an entry for each file, small whatever the files' size."""

    membership: Membership
    mode: str
    selected: Mapping[str, Any]
    files: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)
    note: str = ""

    def __call__(self) -> Mapping[str, Any]:
        return {
            "what": "outputs",
            "team": self.membership.team.slug,
            "mode": self.mode,
            "made_at": timezone.now().isoformat(),
            "made_by": self.membership.user.label,
            "selected": dict(self.selected),
            "note": self.note,
            "files": self.files,
            "missing": self.missing,
        }


def pieces(
    runs: Iterable[tuple[str, Run]],
    manifest: Manifest,
    *,
    first: Callable[[], Iterator[tuple[str, Iterator[bytes]]]] = lambda: iter(()),
) -> Iterator[bytes]:
    """The zip of every copied output of ``runs``, each given with the beginning of its files' names.

    A run comes with its ``text`` and with ``outputs__file`` prefetched. ``first`` are files of the caller's own.
    """
    return archive.bundled(_files(runs, manifest, first), about=manifest)


def _files(
    runs: Iterable[tuple[str, Run]],
    manifest: Manifest,
    first: Callable[[], Iterator[tuple[str, Iterator[bytes]]]],
) -> Iterator[tuple[str, Iterator[bytes]]]:
    yield from first()
    for name, run in runs:
        copied = [one for one in run.outputs.all() if one.state == Output.State.COPIED]
        if not copied:
            continue
        payload = f"payloads/{name}.json"
        sent = run.text.request_text.encode()
        yield payload, iter([sent])
        for output in copied:
            if output.file is not None:
                yield from _one(name, run, output.position, output.file, payload, sent, manifest)


def _one(
    name: str, run: Run, position: int, file: File, payload: str, sent: bytes, manifest: Manifest
) -> Iterator[tuple[str, Iterator[bytes]]]:
    suffix = media.suffix_of(file.media_type)
    called = f"files/{name}-{position + 1}{suffix}"
    if not default_storage.exists(file.storage_name):
        manifest.missing.append({"file": called, "run": str(run.id), "why": "gone from the media store"})
        return
    yield called, media.pieces(file.storage_name, 0, file.size)
    manifest.files.append(
        {
            "file": called,
            "sha256": file.sha256,
            "bytes": file.size,
            "media_type": file.media_type,
            "run": str(run.id),
            "endpoint": run.endpoint,
            "version": run.version,
            "person": run.person_label,
            "created_at": run.created_at.isoformat(),
            "cost_usd": None if run.cost is None else f"{run.cost:f}",
            "billing": run.billing,
            "seed": run.seed or None,
            "tag": run.tag or None,
            "payload": payload,
            "payload_sha256": hashlib.sha256(sent).hexdigest(),
        }
    )
