"""The only code that talks to the provider over HTTP, beside the blocking key check.

One aiohttp session under httpx's transport serves all keys. It keeps no cookies, reads no proxy settings,
follows no redirect with a key and never repeats a POST. The caller bounds how many calls run at once; nothing
queues in here.

Requests go straight to the transport: what httpx's client would put between (cookies, redirects, joining of
addresses) is not wanted here, and costs more than a call.
"""

import functools
import socket
from collections.abc import Sequence
from datetime import date
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from playground.segmind.addresses import (
    Addresses,
    ResultRefused,
    WrongAddress,
    addresses_for,
    is_sandbox_key,
    require_apart,
    require_result_url,
)
from playground.segmind.keycheck import PATH as BALANCE_PATH
from playground.segmind.keycheck import KeyCheck, KeyOutcome, check_key, judge_balance
from playground.segmind.lost import CallLost, NotSent
from playground.segmind.reply import Answer, header, is_job_id
from playground.segmind.upload import Uploaded, upload_body, uploaded_url
from playground.segmind.wire import Patience, Sink, Streamed, Timeouts, exchange, pieces, safe_headers

__all__ = [
    "Addresses",
    "Answer",
    "CallLost",
    "Client",
    "KeyCheck",
    "KeyOutcome",
    "NotSent",
    "ResultRefused",
    "Sink",
    "Streamed",
    "Timeouts",
    "Uploaded",
    "WrongAddress",
    "addresses_for",
    "check_key",
    "is_sandbox_key",
    "safe_headers",
]

IDLE_SECONDS = 4.0
"""How long an idle connection may be used again. Servers drop idle ones, and a POST sent into a dropped one
is lost with its bill unknown, so this stays under the five seconds that common servers allow."""
RECEIVE_BYTES = 96 * 1024
"""The kernel's buffer per connection: still megabytes a second over a continent."""
MAX_REDIRECTS = 5
MAX_STATUS_BYTES = 1024 * 1024
MAX_RESULT_BYTES = 16 * 1024 * 1024
MAX_HISTORY_BYTES = 16 * 1024 * 1024
DEFAULT_MAX_BYTES = 200 * 1024 * 1024
_HEADER_BYTES = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)


def _narrow_socket(place: aiohttp.AddrInfoType) -> socket.socket:
    # One read of the event loop takes whatever the kernel has collected: with its own sizing, hundreds of answers
    # that arrive together would hold a quarter of a megabyte each.
    family, kind, protocol, _, _ = place
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    return made


# The few addresses that are called over and over are taken apart once.
_parsed = functools.lru_cache(maxsize=512)(httpx.URL)


class Client:
    """Calls to the live provider and to the sandbox. Each key goes to the addresses it belongs to, or
    nowhere.

    Made and used inside one event loop; close it with aclose() or use it as a context manager. Every call
    raises NotSent (with WrongAddress and ResultRefused below it) before anything is sent, CallLost if no
    status line came, and otherwise returns an Answer, whatever became of the body.
    """

    def __init__(
        self,
        *,
        live: Addresses,
        sandbox: Addresses | None = None,
        timeouts: Timeouts | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        require_apart(live, sandbox)
        self._live, self._sandbox = live, sandbox
        self._timeouts = timeouts or Timeouts()
        self._transport = transport
        self._session: aiohttp.ClientSession | None = None
        self._wire: httpx.AsyncBaseTransport | None = None

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes all connections. Calls under way end as lost: drain first."""
        wire, self._wire = self._wire, None
        session, self._session = self._session, None
        if wire is not None:
            await wire.aclose()
        if session is not None:
            await session.close()

    def addresses(self, key: str) -> Addresses:
        """Where `key` may go. Raises WrongAddress or NotSent."""
        return addresses_for(key, live=self._live, sandbox=self._sandbox)

    def _open(self) -> httpx.AsyncBaseTransport:
        if self._wire is None:
            self._wire = self._transport or self._open_session()
        return self._wire

    def _open_session(self) -> AiohttpTransport:
        secure = httpx.create_ssl_context()
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=0,
            keepalive_timeout=IDLE_SECONDS,
            socket_factory=_narrow_socket,
            ssl=secure,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
        )
        return AiohttpTransport(verify=secure, trust_env=False, client=self._session)

    def _patience(self, answer: float, *, overall: float | None = None) -> Patience:
        times = self._timeouts
        return Patience(times.connect, times.write, answer, times.stall, overall or times.overall)

    async def post_model(
        self,
        *,
        key: str,
        version: str,
        slug: str,
        body: bytes | Streamed,
        sink: Sink | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
        content_type: str = "application/json",
    ) -> Answer:
        """The paid call, sent once: `/v1/{slug}` or `/v2/{slug}` with exactly these bytes.

        The decoded answer goes to `sink` up to `max_bytes`; its first 16 KiB are in the answer too, which
        is all of a v2 submit. Judge the answer with billing.judge_v1 or judge_v2_submit, NotSent and
        CallLost with judge_lost.
        """
        addresses = self.addresses(key)
        wait = self._timeouts.read if version == "v1" else self._timeouts.submit
        return await exchange(
            self._open(),
            "POST",
            _parsed(addresses.model_url(version, slug)),
            patience=self._patience(wait),
            content_type=content_type,
            body=body,
            sink=sink,
            max_bytes=max_bytes,
            key=key,
        )

    async def _get(self, url: str, key: str, max_bytes: int, params: dict[str, str] | None = None) -> Answer:
        times = self._timeouts
        return await exchange(
            self._open(),
            "GET",
            url,
            patience=self._patience(times.get, overall=times.connect + 3 * times.get),
            params=params,
            max_bytes=max_bytes,
            keep=max_bytes,
            key=key,
        )

    async def get_status(self, *, key: str, request_id: str) -> Answer:
        """The status of a v2 job, by its id alone. Free; the whole body is in the answer."""
        url = self.addresses(key).job_url(request_id, status=True)
        return await self._get(url, key, MAX_STATUS_BYTES)

    async def get_result(self, *, key: str, request_id: str, max_bytes: int = MAX_RESULT_BYTES) -> Answer:
        """The result of a v2 job, by its id alone. Free; the whole body is in the answer."""
        url = self.addresses(key).job_url(request_id, status=False)
        return await self._get(url, key, max_bytes)

    async def download(
        self,
        url: str,
        *,
        sink: Sink,
        sandbox: bool = False,
        hosts: Sequence[str] | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> Answer:
        """A result file, fetched without a key, with redirects only inside the result hosts.

        `sandbox` is the run's mode: a live run never fetches from the sandbox, nor the reverse. `hosts`
        narrows or replaces the result hosts of that mode. Raises ResultRefused; other statuses than 200
        come back as answers, their bodies kept from the sink.
        """
        addresses = self._sandbox if sandbox else self._live
        if addresses is None:
            raise ResultRefused("No sandbox is set up.")
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._fetch(require_result_url(url, addresses, hosts), sink, max_bytes)
            target = header(answer.headers, "location")
            if answer.status not in _REDIRECTS or not target:
                return answer
            try:
                url = urljoin(url, target)
            except ValueError:
                raise ResultRefused("The result was redirected to an address that cannot be read.") from None
        raise ResultRefused("The result was redirected too often.")

    async def _fetch(self, url: str, sink: Sink, max_bytes: int) -> Answer:
        return await exchange(
            self._open(),
            "GET",
            url,
            patience=self._patience(self._timeouts.get),
            sink=sink,
            sink_status=200,
            max_bytes=max_bytes,
        )

    async def upload_asset(self, *, key: str, media_type: str, file: bytes | Streamed) -> Uploaded:
        """Puts a file into the provider's storage and returns its public address. Sent once, free."""
        addresses = self.addresses(key)
        if not addresses.storage:
            raise NotSent("storage_off", "No storage address is set up.")
        if isinstance(file, bytes):
            file = Streamed(pieces(file), len(file))
        answer = await exchange(
            self._open(),
            "POST",
            f"{addresses.storage}/upload-asset",
            patience=self._patience(self._timeouts.submit),
            content_type="application/json",
            body=upload_body(media_type, file),
            max_bytes=MAX_STATUS_BYTES,
            keep=MAX_STATUS_BYTES,
            key=key,
        )
        return Uploaded(uploaded_url(answer), answer)

    async def fetch_history(
        self,
        *,
        key: str,
        from_date: date | None = None,
        to_date: date | None = None,
        model: str = "",
        page: int = 1,
        per_page: int = 100,
    ) -> Answer:
        """One page of the provider's own record of requests; read it with history.parse_history.

        Raises NotSent if no history address is set up, which is the default. The provider keeps the range
        to 31 days.
        """
        base = self._history(key)
        asked = {
            "page": str(page),
            "per_page": str(per_page),
            "from_date": from_date.isoformat() if from_date else "",
            "to_date": to_date.isoformat() if to_date else "",
            "model_name": model,
            "sort_by": "model_created",
            "sort_order": "desc",
        }
        return await self._get(
            base, key, MAX_HISTORY_BYTES, {name: text for name, text in asked.items() if text}
        )

    async def fetch_history_entry(self, *, key: str, request_id: str) -> Answer:
        """One request out of the provider's record, of any age, made with this key's account."""
        base = self._history(key)
        if not is_job_id(request_id):
            raise NotSent("job_id_odd", "The job's id holds characters that cannot be sent.")
        return await self._get(f"{base}/{request_id}", key, MAX_HISTORY_BYTES)

    def _history(self, key: str) -> str:
        addresses = self.addresses(key)
        if not addresses.history:
            raise NotSent("history_off", "No history address is set up.")
        return f"{addresses.history}/inference-request/request-history"

    async def check_key(self, key: str) -> KeyCheck:
        """The balance call on the event loop. Raises WrongAddress or NotSent like the blocking check_key."""
        url = self.addresses(key).api + BALANCE_PATH
        try:
            answer = await self._get(url, key, MAX_STATUS_BYTES)
        except CallLost:
            return judge_balance(None)
        return judge_balance(answer)
