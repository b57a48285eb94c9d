"""Keep a payload, and keep another version of it. A version never changes; nobody's save covers another's."""

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import access
from accounts.access import Ability
from accounts.models import Membership, User
from playground.catalogue.offers import find_offer
from playground.payloads import exposure
from playground.payloads.models import Payload, PayloadFile, PayloadVersion, Visibility
from playground.payloads.variables import Variable, VariableProblem, as_data, check_declared, from_data
from playground.runs import body
from playground.runs.models import File, Output, Run

MOST_TAGS = 20


class PayloadProblem(ValueError):
    """A payload that cannot be kept like this. ``field`` names the form field the message belongs to."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NewerVersion(Exception):
    """Somebody saved since: ``theirs`` is the newest version. Nothing was written."""

    def __init__(self, theirs: PayloadVersion) -> None:
        super().__init__(f"{theirs.author_label} has saved version {theirs.number} since you opened this.")
        self.theirs = theirs


@dataclass(frozen=True, slots=True)
class _Content:
    """What a version says, checked."""

    version: int
    text: str
    variables: list[dict[str, Any]]
    message: str

    @classmethod
    def checked(cls, version: int, text: str, variables: Sequence[Variable], message: str) -> "_Content":
        check_content(version, text, variables)
        return cls(version, text, as_data(variables), clean_words(message)[:200])

    def check_shown(self) -> None:
        # First, because data is long and is not shown to anybody.
        exposure.check_carries_nothing(text=self.text, variables=self.variables)
        exposure.check_texts(text=self.text, variables=self.variables, message=self.message)

    def says_the_same_as(self, other: PayloadVersion) -> bool:
        return (self.text, self.version, self.variables) == (other.text, other.version, other.variables)


def save_payload(
    *,
    membership: Membership,
    name: str,
    endpoint: str,
    version: int,
    text: str,
    variables: Sequence[Variable] = (),
    message: str = "",
    notes: str = "",
    tags: Iterable[str] = (),
    folder: str = "",
    visibility: str = Visibility.PRIVATE,
    readers: Iterable[User] = (),
    run_tag: str = "",
    cover: Output | None = None,
    keeps_files_of: PayloadVersion | None = None,
    payload_id: uuid.UUID | None = None,
) -> Payload:
    """A new payload with its first version. Raises PayloadProblem; for one that others will see, also a Leak.

    ``keeps_files_of`` is a version that this person may read, whose files the new one carries on. ``payload_id`` is
    chosen before by whoever must not make it twice.
    """
    _check_person(membership)
    if find_offer(team_id=membership.team_id, slug=endpoint) is None:
        raise PayloadProblem("endpoint", f"There is no endpoint called {endpoint} in this team.")
    content = _Content.checked(version, text, variables, message)
    payload = Payload(
        id=payload_id or uuid7(),
        team=membership.team,
        name=clean_name(name),
        notes=clean_words(notes),
        tags=clean_tags(tags),
        folder=clean_folder(folder),
        endpoint=endpoint,
        owner=membership.user,
        owner_label=membership.user.label,
        visibility=visibility,
        run_tag=clean_words(run_tag)[:60],
        cover=cover,
    )
    if payload.is_shared:
        content.check_shown()
        exposure.check_words(exposure.words_of(payload))
    with transaction.atomic():
        payload.save(force_insert=True)
        payload.readers.set(readers)
        _add(payload, membership, 1, content, keeps_files_of)
    return payload


def save_version(
    *,
    membership: Membership,
    payload: Payload,
    base: int,
    version: int,
    text: str,
    variables: Sequence[Variable] = (),
    message: str = "",
    keeps_files_of: PayloadVersion | None = None,
) -> PayloadVersion:
    """The next version; ``base`` is the number it was made from.

    The newest version itself, where it says the same. Raises NewerVersion where another has been saved since,
    PayloadProblem, and a Leak where others see the payload.
    """
    _check_person(membership)
    content = _Content.checked(version, text, variables, message)
    with transaction.atomic():
        locked = Payload.objects.visible_to(membership).select_for_update(of=("self",)).get(id=payload.id)
        if locked.trashed_at is not None:
            raise PayloadProblem("payload", "This payload is in the trash. Restore it first.")
        if locked.is_shared:
            content.check_shown()
        newest = locked.versions.get(number=locked.newest)
        if content.says_the_same_as(newest):
            return newest
        if locked.newest != base:
            raise NewerVersion(newest)
        number = locked.newest + 1
        Payload.objects.filter(id=locked.id).update(newest=number, updated_at=timezone.now())
        added = _add(locked, membership, number, content, keeps_files_of)
    payload.newest = number
    return added


def restore_version(*, membership: Membership, payload: Payload, old: PayloadVersion) -> PayloadVersion:
    """The text of an earlier version as the newest one. What came between stays where it is."""
    return save_version(
        membership=membership,
        payload=payload,
        base=payload.newest,
        version=old.version,
        text=old.text,
        variables=from_data(old.variables),
        message=f"Version {old.number} restored",
    )


def _check_person(membership: Membership) -> None:
    if not access.can(membership, Ability.RUN):
        raise PayloadProblem("payload", "Your role in this team does not save payloads.")


def check_content(version: int, text: str, variables: Sequence[Variable]) -> None:
    """Raise PayloadProblem unless a version may say this."""
    if version not in (1, 2):
        raise PayloadProblem("version", "Choose v1 or v2.")
    try:
        body.check(text, max_bytes=settings.MAX_BODY_BYTES)
        if "\x00" in text:
            raise PayloadProblem("body", "The text has a character that cannot be kept (NUL).")
        check_declared(variables, text)
    except body.BodyProblem as problem:
        raise PayloadProblem("body", str(problem)) from problem
    except VariableProblem as problem:
        raise PayloadProblem("variables", str(problem)) from problem


def _add(
    payload: Payload,
    membership: Membership,
    number: int,
    content: _Content,
    keeps_files_of: PayloadVersion | None,
) -> PayloadVersion:
    added = PayloadVersion.objects.create(
        payload=payload,
        number=number,
        version=content.version,
        text=content.text,
        sha256=hashlib.sha256(content.text.encode()).hexdigest(),
        variables=content.variables,
        author=membership.user,
        author_label=membership.user.label,
        message=content.message,
    )
    wanted = {marker.file_id for marker in body.markers(content.text, team_id=payload.team_id)}
    if wanted:
        # Only what the author sees: a marker that was pasted from elsewhere opens nobody's file to anybody.
        seen = set(File.objects.visible_to(membership).filter(id__in=wanted).values_list("id", flat=True))
        shown = Q(version__payload=payload) | Q(version=keeps_files_of)
        seen |= set(PayloadFile.objects.filter(shown, file__in=wanted).values_list("file_id", flat=True))
        PayloadFile.objects.bulk_create(PayloadFile(version=added, file_id=file_id) for file_id in seen)
    return added


def clean_words(text: str) -> str:
    return text.replace("\x00", "").strip()


def clean_name(name: str) -> str:
    cleaned = " ".join(clean_words(name).split())
    if not cleaned:
        raise PayloadProblem("name", "Give it a name.")
    if len(cleaned) > 120:
        raise PayloadProblem("name", "A name has at most 120 characters.")
    return cleaned


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Each once, without regard to capitals, in the order given."""
    found = {
        tag.casefold(): tag for tag in reversed([" ".join(clean_words(tag).split()) for tag in tags]) if tag
    }
    cleaned = list(reversed(found.values()))
    if len(cleaned) > MOST_TAGS:
        raise PayloadProblem("tags", f"These are {len(cleaned)} tags; the most is {MOST_TAGS}.")
    if any(len(tag) > 40 for tag in cleaned):
        raise PayloadProblem("tags", "A tag has at most 40 characters.")
    return cleaned


def clean_folder(folder: str) -> str:
    """A path such as ``portraits/studio``, without empty steps."""
    steps = [" ".join(step.split()) for step in re.split(r"[/\\]+", clean_words(folder))]
    path = "/".join(step for step in steps if step not in ("", ".", ".."))
    if len(path) > 120:
        raise PayloadProblem("folder", "A folder has at most 120 characters.")
    return path


def best_output(
    membership: Membership, *, endpoint: str, text: str, runs: Iterable[uuid.UUID | None]
) -> Output | None:
    """The first picture that one of these runs returned, if it sent this very text: it shows what the payload makes."""
    wanted = [run_id for run_id in runs if run_id is not None]
    sent = Run.objects.visible_to(membership).filter(
        id__in=wanted, endpoint=endpoint, text__request_text=text
    )
    pictures = Output.objects.filter(run__in=sent, state=Output.State.COPIED, file__kind="image")
    return pictures.order_by("position").first()
