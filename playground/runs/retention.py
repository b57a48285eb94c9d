"""Words and files go when a team's time for them is over, or when a person says so; the rows with the money stay."""

import logging
import uuid
from datetime import datetime, timedelta
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Team, User
from playground.runs import live
from playground.runs.history import lowest_id
from playground.runs.models import OPEN_STATES, File, Output, Run, RunInput, RunText

logger = logging.getLogger(__name__)

BATCH = 500


class CannotErase(ValueError):
    """A run whose content may not be erased by this person, or not yet. The message is fit for the person."""


def apply() -> dict[str, int]:
    """Erase what the teams' settings no longer keep; how many texts and outputs went. Safe to repeat or to stop.

    Runs that are not finished are left for a later time.
    """
    now = timezone.now()
    done = {"texts": 0, "outputs": 0}
    for team in Team.objects.exclude(keep_files_days=None, keep_text_days=None).order_by("id"):
        if team.keep_text_days is not None:
            done["texts"] += _texts_before(
                team, now - timedelta(days=team.keep_text_days), team.keep_text_days
            )
        if team.keep_files_days is not None:
            done["outputs"] += _files_before(
                team, now - timedelta(days=team.keep_files_days), team.keep_files_days
            )
    return done


def erase_content(*, run: Run, actor: User, request: HttpRequest | None = None) -> None:
    """Erase words and files of a person's own finished run. Raises CannotErase.

    A file that another run also carried or returned stays for that run.
    """
    if run.person_id != actor.id:
        raise CannotErase("Only the person who made a run can erase its content.")
    with transaction.atomic():
        locked = Run.objects.select_for_update(no_key=True).get(id=run.id)
        if locked.state in OPEN_STATES:
            raise CannotErase("This run is not finished yet. Its content can be erased when it is.")
        _blank(RunText.objects.filter(run=locked), by=actor.label)
        let_go = _let_go(Output.objects.filter(run=locked), reason=f"Erased by {actor.label}.")
        let_go |= _forget_inputs(RunInput.objects.filter(run=locked))
        # What somebody else attached too may stand in their draft.
        mine = File.objects.filter(id__in=let_go).exclude(holders__in=User.objects.exclude(id=actor.id))
        _drop_unused(mine)
        audit.record(
            team=locked.team,
            actor=actor,
            verb="run.erased",
            target=locked.endpoint,
            after={"run": str(locked.id)},
            request=request,
        )
        transaction.on_commit(lambda: live.publish([live.Change.read(locked)]))


def _texts_before(team: Team, moment: datetime, days: int) -> int:
    """Blank the words of finished runs older than ``moment``, oldest first, a batch a transaction."""
    total = 0
    last = uuid.UUID(int=0)
    while True:
        with transaction.atomic():
            ids = list(
                RunText.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(run__team=team, run_id__gt=last, run_id__lt=lowest_id(moment), erased_at=None)
                .exclude(run__state__in=OPEN_STATES)
                .order_by("run_id")
                .values_list("run_id", flat=True)[:BATCH]
            )
            total += _blank(RunText.objects.filter(run_id__in=ids), by=f"the team's setting: {days} days")
        if len(ids) < BATCH:
            return total
        last = ids[-1]


def _blank(texts: QuerySet[RunText], *, by: str) -> int:
    return texts.filter(erased_at=None).update(
        request_text="",
        response_headers=[],
        response_text="",
        error_text="",
        search=None,
        erased_at=timezone.now(),
        erased_by=by[:254],
    )


def _files_before(team: Team, moment: datetime, days: int) -> int:
    """Let go of the files of finished runs older than ``moment``, then remove what nothing holds any more."""
    old = Run.objects.filter(team=team, id__lt=lowest_id(moment)).exclude(state__in=OPEN_STATES)
    outputs = Output.objects.filter(run__in=old, state__in=(Output.State.COPIED, Output.State.LOST)).order_by(
        "run_id"
    )
    inputs = RunInput.objects.filter(run__in=old).order_by("id")
    total = 0
    while ids := list(outputs.values_list("id", flat=True)[:BATCH]):
        with transaction.atomic():
            _let_go(Output.objects.filter(id__in=ids), reason=f"The team keeps files for {days} days.")
        total += len(ids)
    while inputs_ids := list(inputs.values_list("id", flat=True)[:BATCH]):
        _forget_inputs(RunInput.objects.filter(id__in=inputs_ids))
    last = uuid.UUID(int=0)
    unused = File.objects.filter(team=team, created_at__lt=moment).filter(~_USED).order_by("id")
    while files := list(unused.filter(id__gt=last).values_list("id", flat=True)[:BATCH]):
        with transaction.atomic():
            _drop_unused(File.objects.filter(id__in=files))
        last = files[-1]
    return total


_USED = Exists(Output.objects.filter(file=OuterRef("pk"))) | Exists(
    RunInput.objects.filter(file=OuterRef("pk"))
)


def _let_go(outputs: QuerySet[Output], *, reason: str) -> set[uuid.UUID]:
    """Mark outputs as erased; the files they held."""
    files = set(outputs.exclude(file=None).values_list("file_id", flat=True))
    outputs.exclude(state=Output.State.ERASED).update(
        state=Output.State.ERASED,
        file=None,
        url="",
        reason=reason[:200],
        next_try_at=None,
        spool_node="",
        spool_name="",
    )
    return files


def _forget_inputs(inputs: QuerySet[RunInput]) -> set[uuid.UUID]:
    """Forget which files these runs carried; those files."""
    files = set(inputs.values_list("file_id", flat=True))
    inputs.delete()
    return files


def _drop_unused(files: QuerySet[File]) -> None:
    """Remove those of ``files`` that no run carries or returned, their bytes once this transaction is committed."""
    wanted = sorted(files.values_list("id", flat=True))
    for file in File.objects.select_for_update().filter(id__in=wanted).filter(~_USED).order_by("id"):
        file_id = file.id
        try:
            with transaction.atomic():
                file.delete()
        except ProtectedError:  # another room holds on to it
            continue
        file.id = file_id
        transaction.on_commit(partial(_remove_bytes, file))


def _remove_bytes(file: File) -> None:
    # The same bytes may have come back meanwhile, under the same name.
    if File.objects.filter(team_id=file.team_id, sha256=file.sha256).exists():
        return
    for name in filter(None, (file.storage_name, file.thumbnail_name)):
        try:
            default_storage.delete(name)
        except OSError:
            logger.exception("The bytes of file %s could not be removed", file.id)
