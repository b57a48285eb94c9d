"""Our own copies of what runs return: from a node's spool or the provider's address into the media store.

Bytes are stored once per team, under their hash. Copying never delays settling: a copy that fails is tried again for
as long as the provider keeps the file (seven days: "life of the output file"), then shown as lost, with the reason.
"""

import logging
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.base import File as DjangoFile
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.db import transaction
from django.utils import timezone

from playground.runs import live
from playground.runs.models import File, Output, Run
from playground.runs.outcome import Arrived, Outcome

logger = logging.getLogger(__name__)

NODE = socket.gethostname()[:80]
COPY_LEASE = timedelta(minutes=5)
COPY_FOR = timedelta(days=7)


def spool_path(name: str) -> Path:
    """Where this node keeps bytes that have arrived and are not in the media store yet."""
    folder = Path(settings.SPOOL_ROOT) / "bodies"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / name


def storage_name(team_id: str, sha256: str) -> str:
    return f"{team_id}/{sha256[:2]}/{sha256}"


class _Spooled(DjangoFile):  # type: ignore[type-arg]
    """A file the store may take over by renaming instead of copying."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def put(*, team_id: str, sha256: str, path: Path) -> str:
    """Move ``path`` into the media store; the name it has there. The same bytes of a team are kept once."""
    name = storage_name(team_id, sha256)
    if default_storage.exists(name):
        path.unlink(missing_ok=True)
        return name
    with _Spooled(path) as spooled:
        saved = default_storage.save(name, spooled)
    path.unlink(missing_ok=True)
    return saved


def adopt_many(outcomes: list[Outcome]) -> set[str]:
    """Put the bytes that came with these outcomes into a local media store; the spool names that are safe there.

    A remote store is left to the copy job, and so is a full disk: neither may keep an outcome waiting.
    """
    done: set[str] = set()
    if not isinstance(storages["default"], FileSystemStorage):
        return done
    for outcome in outcomes:
        for arrived in outcome.outputs:
            if arrived.spool_name and _adopt(outcome, arrived):
                done.add(arrived.spool_name)
    return done


def _adopt(outcome: Outcome, arrived: Arrived) -> bool:
    path = spool_path(arrived.spool_name)
    try:
        if path.exists():
            put(team_id=outcome.team_id, sha256=arrived.sha256, path=path)
            return True
        # An earlier attempt to settle this outcome moved them and failed after that.
        return default_storage.exists(storage_name(outcome.team_id, arrived.sha256))
    except OSError:
        logger.exception("Bytes of run %s stay in the spool", outcome.run_id)
        return False


def record_outputs(outcomes: list[Outcome], runs: dict[str, Run], adopted: set[str]) -> None:
    """Write the output rows of settled runs, in the transaction that settles them."""
    arrivals = [
        (runs[o.run_id], position, arrived) for o in outcomes for position, arrived in enumerate(o.outputs)
    ]
    if not arrivals:
        return
    files = _file_rows([(run, arrived) for run, _, arrived in arrivals if arrived.spool_name in adopted])
    now = timezone.now()
    Output.objects.bulk_create(
        [_output(run, position, arrived, files, now) for run, position, arrived in arrivals],
        ignore_conflicts=True,
    )


def _output(
    run: Run, position: int, arrived: Arrived, files: dict[tuple[uuid.UUID, str], File], now: datetime
) -> Output:
    output = Output(run=run, position=position, url=arrived.url)
    file = files.get((run.team_id, arrived.sha256)) if arrived.sha256 else None
    if arrived.lost:
        output.state, output.reason = Output.State.LOST, arrived.lost[:200]
    elif file is not None:
        output.state, output.file = Output.State.COPIED, file
    else:
        output.next_try_at = now
        if arrived.spool_name:
            output.spool_node, output.spool_name = NODE, arrived.spool_name
    return output


def _file_rows(arrivals: list[tuple[Run, Arrived]]) -> dict[tuple[uuid.UUID, str], File]:
    if not arrivals:
        return {}
    File.objects.bulk_create(
        [
            File(
                team_id=run.team_id,
                sha256=arrived.sha256,
                size=arrived.size,
                media_type=arrived.media_type,
                kind=arrived.kind,
                storage_name=storage_name(str(run.team_id), arrived.sha256),
            )
            for run, arrived in sorted(arrivals, key=lambda pair: (str(pair[0].team_id), pair[1].sha256))
        ],
        ignore_conflicts=True,
    )
    found = File.objects.filter(
        team_id__in={run.team_id for run, _ in arrivals},
        sha256__in={arrived.sha256 for _, arrived in arrivals},
    )
    return {(file.team_id, file.sha256): file for file in found}


def without_thumbnail(run_ids: list[str]) -> list[uuid.UUID]:
    """Image files of these runs that still lack a small version."""
    if not run_ids:
        return []
    rows = File.objects.filter(outputs__run_id__in=run_ids, kind="image", thumbnail_name="")
    return list(rows.values_list("id", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class Copy:
    """An output to copy: from ``url``, or from this node's spool."""

    output_id: uuid.UUID
    run_id: uuid.UUID
    team_id: uuid.UUID
    mode: str
    url: str
    spool_name: str


def claim_copies(*, limit: int = 50) -> list[Copy]:
    """Outputs that are due to be copied, leased for five minutes. Spooled bytes belong to the node that has them."""
    now = timezone.now()
    with transaction.atomic():
        due = list(
            Output.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("run")
            .filter(state=Output.State.COPYING, next_try_at__lte=now)
            .filter(spool_node__in=("", NODE))
            .order_by("next_try_at")[:limit]
        )
        Output.objects.filter(id__in=[output.id for output in due]).update(next_try_at=now + COPY_LEASE)
    return [
        Copy(output.id, output.run_id, output.run.team_id, output.run.mode, output.url, output.spool_name)
        for output in due
    ]


def finish_copy(
    *, copy: Copy, sha256: str, size: int, media_type: str, kind: str, path: Path
) -> uuid.UUID | None:
    """Store the bytes at ``path`` and mark the output as copied; the file's id when it needs a thumbnail."""
    saved = put(team_id=str(copy.team_id), sha256=sha256, path=path)
    with transaction.atomic():
        file, _ = File.objects.get_or_create(
            team_id=copy.team_id,
            sha256=sha256,
            defaults={"size": size, "media_type": media_type, "kind": kind, "storage_name": saved},
        )
        Output.objects.filter(id=copy.output_id, state=Output.State.COPYING).update(
            state=Output.State.COPIED, file=file, reason="", next_try_at=None
        )
        run = Run.objects.get(id=copy.run_id)
        transaction.on_commit(lambda: live.publish([live.Change.read(run)]))
    return file.id if kind == "image" and not file.thumbnail_name else None


def postpone_copy(*, copy: Copy, reason: str, final: bool) -> None:
    """Try again later, twice as late each time, up to an hour; or give up, when nothing can change any more."""
    with transaction.atomic():
        output = Output.objects.select_for_update(no_key=True).select_related("run").get(id=copy.output_id)
        if output.state != Output.State.COPYING:
            return
        output.attempts += 1
        output.reason = reason[:200]
        ended = output.run.finished_at or output.run.created_at
        if final or timezone.now() - ended > COPY_FOR:
            output.state, output.next_try_at = Output.State.LOST, None
        else:
            output.next_try_at = timezone.now() + timedelta(seconds=min(3600, 5 * 2**output.attempts))
        output.save(update_fields=["attempts", "reason", "state", "next_try_at"])
        run = output.run
        transaction.on_commit(lambda: live.publish([live.Change.read(run)]))
