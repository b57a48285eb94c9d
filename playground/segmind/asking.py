"""One free GET, blocking, for background tasks: no model runs, nothing is charged, and no redirect is followed."""

import time
from collections.abc import Mapping

import httpx

from playground.segmind.reply import Answer
from playground.segmind.wire import safe_headers


def ask(
    url: str,
    key: str,
    *,
    seconds: float,
    max_bytes: int,
    params: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Answer | None:
    """What came back, without the key in it; None when nothing did. Whether the key may go there was asked before."""
    end = time.monotonic() + seconds
    body = bytearray()
    problem = ""
    headers = {"x-api-key": key, "accept": "application/json", "accept-encoding": "identity"}
    try:
        with (
            httpx.Client(
                timeout=seconds, trust_env=False, follow_redirects=False, transport=transport
            ) as http,
            http.stream("GET", url, headers=headers, params=params) as response,
        ):
            for chunk in [response.content] if response.is_stream_consumed else response.iter_raw():
                body += chunk
                if len(body) > max_bytes or time.monotonic() > end:
                    problem = "body_too_large"
                    break
            return Answer(
                response.status_code,
                safe_headers(response.headers.multi_items(), key),
                bytes(body[:max_bytes]).replace(key.encode(), b"*" * len(key)),
                len(body),
                problem,
            )
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return None
