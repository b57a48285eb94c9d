import asyncio
import tracemalloc
from collections.abc import Iterable
from typing import cast

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client

from playground.ledger.streaming import PiecewiseResponse
from playground.runs import media
from playground.runs.models import File, RunInput
from tests.personas import People
from tests.runs.factories import PNG, add_output, make_file, make_run

pytestmark = pytest.mark.django_db

DATA = bytes(range(256)) * 40


def address(file: File) -> str:
    return f"/t/studio/files/{file.id}/"


def content(response: object) -> bytes:
    return b"".join(cast(Iterable[bytes], cast(StreamingHttpResponse, response).streaming_content))


@pytest.fixture
def video(people: People) -> File:
    bob = people.membership("bob")
    file = make_file(bob, DATA, media_type="video/mp4", kind="video")
    add_output(make_run(bob, output_kind="video"), file)
    return file


# -- who


def test_who_may_have_it(people: People, video: File) -> None:
    for persona, status in (
        (people.alice, 200), (people.adam, 200), (people.bob, 200), (people.audrey, 403), (people.charlie, 404),
        (people.nobody, 302),
    ):  # fmt: skip
        response = persona.client().get(address(video))
        assert response.status_code == status, persona.name
        if status != 200:
            assert DATA[:64] not in response.content


def test_own_runs_only_covers_files(people: People, video: File) -> None:
    people.team.own_runs_only = True
    people.team.save()
    of_alice = make_file(people.membership("alice"), b"hers", media_type="audio/mpeg", kind="audio")
    add_output(make_run(people.membership("alice")), of_alice)
    assert people.bob.client().get(address(of_alice)).status_code == 404
    assert people.adam.client().get(address(of_alice)).status_code == 200


def test_what_one_attached_and_what_a_run_carried(people: People) -> None:
    bob, alice = people.membership("bob"), people.membership("alice")
    attached = make_file(bob, b"attached")
    assert people.bob.client().get(address(attached)).status_code == 404
    attached.holders.add(people.bob.user)
    assert people.bob.client().get(address(attached)).status_code == 200
    assert people.alice.client().get(address(attached)).status_code == 404
    carried = make_file(alice, b"carried")
    RunInput.objects.create(run=make_run(alice), file=carried)
    assert people.bob.client().get(address(carried)).status_code == 200


def test_another_teams_address_leads_nowhere(people: People, video: File) -> None:
    assert people.charlie.client().get(f"/t/studio-elsewhere/files/{video.id}/").status_code == 404


# -- how


def test_headers(people: People, video: File) -> None:
    response = people.bob.client().get(address(video))
    assert response["Content-Type"] == "video/mp4"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["ETag"] == f'"{video.sha256}"'
    assert response["Cache-Control"].startswith("private")
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Length"] == str(len(DATA))
    assert content(response) == DATA


@pytest.mark.parametrize(
    "media_type",
    [
        "image/svg+xml",
        "text/html",
        "application/xml",
        "application/xhtml+xml",
        "application/pdf",
        "application/octet-stream",
        "text/javascript",
        "",
    ],
)
def test_everything_else_is_a_download_of_no_type(people: People, media_type: str) -> None:
    file = make_file(
        people.membership("bob"),
        b"<svg onload=alert(1)>",
        media_type=media_type,
        kind="binary",
        name='a"b.svg',
    )
    add_output(make_run(people.membership("bob")), file)
    response = people.bob.client().get(address(file))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert "\n" not in response["Content-Disposition"]


def test_download_and_thumbnail(people: People) -> None:
    bob = people.membership("bob")
    file = make_file(bob, PNG)
    add_output(make_run(bob), file)
    client = people.bob.client()
    assert client.get(f"{address(file)}?download=1")["Content-Disposition"].startswith("attachment")
    assert "attachment" not in client.get(address(file)).headers.get("Content-Disposition", "")
    assert client.get(f"{address(file)}?size=thumb").status_code == 404
    file.thumbnail_name = default_storage.save("small.webp", ContentFile(b"small"))
    file.save()
    small = client.get(f"{address(file)}?size=thumb")
    assert (small["Content-Type"], content(small)) == ("image/webp", b"small")
    assert small["ETag"] != client.get(address(file))["ETag"]


def test_not_modified(people: People, video: File) -> None:
    response = people.bob.client().get(address(video), headers={"If-None-Match": f'"{video.sha256}"'})
    assert (response.status_code, response.content) == (304, b"")


def test_bytes_that_are_gone(people: People, video: File) -> None:
    default_storage.delete(video.storage_name)
    assert people.bob.client().get(address(video)).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, len(DATA) - 1),
        ("bytes=-10", len(DATA) - 10, len(DATA) - 1),
        ("bytes=5-99999999", 5, len(DATA) - 1),
        (f"bytes=-{len(DATA) * 2}", 0, len(DATA) - 1),
    ],
)
def test_ranges(people: People, video: File, wanted: str, first: int, last: int) -> None:
    response = people.bob.client().get(address(video), headers={"Range": wanted})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(DATA)}"
    assert response["Content-Length"] == str(last - first + 1)
    assert content(response) == DATA[first : last + 1]


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0"])
def test_ranges_outside(people: People, video: File, wanted: str) -> None:
    response = people.bob.client().get(address(video), headers={"Range": wanted})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(DATA)}"


@pytest.mark.parametrize(
    "wanted", ["bytes=0-1,5-6", "lines=1-2", "bytes=5-2", "bytes=-", "bytes=a-b", "bytes=" + "9" * 30 + "-"]
)
def test_odd_ranges_give_the_whole(people: People, video: File, wanted: str) -> None:
    response = people.bob.client().get(address(video), headers={"Range": wanted})
    assert response.status_code == 200
    assert content(response) == DATA


def test_if_range(people: People, video: File) -> None:
    client = people.bob.client()
    same = client.get(address(video), headers={"Range": "bytes=0-9", "If-Range": f'"{video.sha256}"'})
    other = client.get(address(video), headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


def test_head_has_the_length_and_no_body(people: People, video: File) -> None:
    response = people.bob.client().head(address(video))
    assert response["Content-Length"] == str(len(DATA))
    assert response.content == b""


# -- memory


def test_a_large_file_is_flat_in_memory_under_asgi(tmp_path_factory: pytest.TempPathFactory) -> None:
    size = 64 * 1024 * 1024
    name = default_storage.save("large.bin", ContentFile(b"x" * size))

    async def read() -> int:
        response = PiecewiseResponse(media.pieces(name, 0, size))
        return sum([len(piece) async for piece in response])

    tracemalloc.start()
    try:
        assert asyncio.run(read()) == size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        default_storage.delete(name)
    assert peak < 4 * 1024 * 1024


@pytest.mark.django_db(transaction=True)
def test_it_is_served_under_asgi(people: People, video: File) -> None:
    sync: Client = people.bob.client()

    async def fetch() -> tuple[int, bytes]:
        client = AsyncClient()
        client.cookies = sync.cookies
        response = await client.get(address(video), headers={"Range": "bytes=1-4"})
        body = b"".join([piece async for piece in cast(PiecewiseResponse, response)])
        await sync_to_async(connections.close_all)()
        return response.status_code, body

    assert asyncio.run(fetch()) == (206, DATA[1:5])
