"""A sandbox key never reaches the live provider, nor a live key the sandbox: both are recorders here."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from uuid_utils.compat import uuid7

from accounts import candidates
from accounts.models import ApiKey, Membership
from playground.runs import body
from playground.runs.models import Output, Run
from playground.runs.sender import Sender
from playground.runs.submit import submit
from tests.personas import make_key, make_people
from tests.promises.house import OPEN, until
from tests.promises.recorder import Recorder
from tests.runs.factories import make_file

LIVE = "SG_11aa22bb33cc44dd"
SANDBOX = "SGTEST_55ee66ff77aa88bb"


@dataclass
class Traffic:
    live: Recorder
    sandbox: Recorder
    runs: list[UUID]


def send(membership: Membership, key: ApiKey, version: int, **more: Any) -> UUID:
    run = submit(
        membership=membership,
        endpoint="seedream-4.5",
        version=version,
        key=key,
        body_text=json.dumps({"prompt": "x", **more}),
        token=uuid7(),
    )
    return run.id


@pytest.fixture
def traffic(settings: Settings, transactional_db: None) -> Iterator[Traffic]:
    """Every kind of call that carries a key, with a key of each world, through a real sender."""
    with Recorder() as live, Recorder() as sandbox:
        settings.SEGMIND_BASE_URL = settings.SEGMIND_STORAGE_URL = settings.SEGMIND_HISTORY_URL = live.url
        settings.SANDBOX_URL = sandbox.url
        people = make_people()
        bob = people.membership("bob")
        file = make_file(bob)
        file.holders.add(bob.user)
        mark = body.make_marker(team_id=bob.team_id, file_id=file.id, how="upload")
        runs = []
        for text in (LIVE, SANDBOX):
            key = make_key(bob, text=text, label=text[:3])
            runs += [
                send(bob, key, 1),
                send(bob, key, 2),
                send(bob, key, 1, image=mark),
                send(bob, key, 1, do="echo"),
            ]
            candidates.test(candidates.hold(membership=bob, label="Mine", text=text).id)
            candidates.refresh_balance(key.id)
        sender = Sender()
        sender.start()
        try:
            until(lambda: ended(runs), "all runs to end")
        finally:
            sender.drain()
        yield Traffic(live, sandbox, runs)


def ended(runs: list[UUID]) -> bool:
    Run.objects.filter(next_poll_at__gt=timezone.now()).update(next_poll_at=timezone.now())
    Output.objects.filter(next_try_at__gt=timezone.now(), attempts__gt=0).update(next_try_at=timezone.now())
    busy = Run.objects.filter(id__in=runs, state__in=OPEN).exists()
    copying = Output.objects.filter(run__in=runs, state=Output.State.COPYING).exists()
    connection.close()
    return not busy and not copying


def test_each_key_reaches_its_own_provider_and_nothing_else(traffic: Traffic) -> None:
    assert set(Run.objects.filter(id__in=traffic.runs).values_list("state", flat=True)) == {"succeeded"}
    for recorder, own, other in ((traffic.live, LIVE, SANDBOX), (traffic.sandbox, SANDBOX, LIVE)):
        assert recorder.keys == {own}
        assert not any(other in seen.words for seen in recorder.seen)
        assert recorder.paths >= {
            "/v1/seedream-4.5",
            "/v2/seedream-4.5",
            "/v2/requests/job-of-the-recorder/status",
            "/v2/requests/job-of-the-recorder",
            "/upload-asset",
            "/v1/get-user-credits",
        }


def test_files_are_fetched_without_a_key(traffic: Traffic) -> None:
    fetched = [seen for seen in traffic.sandbox.seen if seen.path.startswith("/files/")]
    assert fetched
    assert not any(SANDBOX in seen.words for seen in fetched)
    # Live results lie on https hosts of the list only, and this is none: nothing was fetched at all.
    assert not any(seen.path.startswith("/files/") for seen in traffic.live.seen)


def test_the_body_is_sent_as_it_was_written(traffic: Traffic) -> None:
    for recorder in (traffic.live, traffic.sandbox):
        sent = [seen.body for seen in recorder.seen if seen.path == "/v1/seedream-4.5"]
        assert b'{"prompt": "x"}' in sent
        assert f'{{"prompt": "x", "image": "{recorder.url}/files/upload.png"}}'.encode() in sent


def test_no_key_stays_in_what_was_kept(traffic: Traffic) -> None:
    for run in Run.objects.filter(id__in=traffic.runs).select_related("text").prefetch_related("outputs"):
        kept = [
            run.text.response_text,
            json.dumps(run.text.response_headers),
            json.dumps(run.evidence),
            run.seed,
        ]
        kept += [run.request_id, run.text.error_text, *(output.url for output in run.outputs.all())]
        assert not any(key in text for text in kept for key in (LIVE, SANDBOX))


def test_the_sandbox_may_not_be_the_provider_itself(settings: Settings, transactional_db: None) -> None:
    settings.SANDBOX_URL = settings.SEGMIND_BASE_URL
    from playground.runs.calls import Provider

    async def open_it() -> None:
        async with Provider(lambda *args: asyncio.sleep(0)):
            """Never here."""

    with pytest.raises(ValueError, match="shares an address"):
        asyncio.run(open_it())
