"""Post to an address that a person typed, and to nothing inside this network.

The name is resolved here, every address it has must be public, and the connection goes to the very address that was
checked, under the name's own certificate: what the name says a moment later does not matter.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], Awaitable[list[str]]]
Resolve = Callable[[str, int], Awaitable[list[Address]]]

SECONDS = 8
LONGEST = 2000
_NAT64 = ipaddress.IPv6Network("64:ff9b::/32")


class NotPosted(Exception):
    """The message did not get through, or may not; ``str()`` is for the team and holds no more than the host."""


def checked(url: str) -> str:
    """The host of an address that may be tried. Raises NotPosted for anything but plain https."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NotPosted("This is not an address.") from error
    if parts.scheme != "https":
        raise NotPosted("The address has to begin with https://.")
    if not host or parts.username is not None or parts.password is not None or port == 0:
        raise NotPosted("This is not an address that can be posted to.")
    if len(url) > LONGEST or not url.isascii() or any(char <= " " or char in '\\<>"' for char in url):
        raise NotPosted("The address holds characters that cannot be sent.")
    return host


def slack_text(text: str) -> str:
    """Text that Slack shows as it is: its three characters of markup escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def is_public(address: Address) -> bool:
    """Whether this is a host of the open internet, also behind the forms in which IPv6 carries an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner is not None and not is_public(inner):
            return False
        if address in _NAT64 or address.is_site_local or address.scope_id:
            return False
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
    return address.is_global and not address.is_multicast and not address.is_reserved


async def look_up(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in found]


async def public_addresses(host: str, port: int, *, lookup: Lookup = look_up) -> list[Address]:
    """Every address of the host. Raises NotPosted if it has none, or if one of them is not public."""
    try:
        found = [ipaddress.ip_address(text) for text in await lookup(host, port)]
    except (OSError, UnicodeError, ValueError) as error:
        raise NotPosted(f"{host} was not found.") from error
    if not found:
        raise NotPosted(f"{host} was not found.")
    if not all(is_public(address) for address in found):
        raise NotPosted(f"{host} is not a public address.")
    return found


def post(
    url: str,
    message: dict[str, Any],
    *,
    resolve: Resolve = public_addresses,
    context: ssl.SSLContext | None = None,
) -> None:
    """Posts JSON once. Raises NotPosted unless the answer is 2xx; a redirect is not followed."""
    host = checked(url)
    try:
        asyncio.run(_post(url, host, message, resolve, context))
    except TimeoutError as error:
        raise NotPosted(f"{host} did not answer in time.") from error


async def _post(
    url: str, host: str, message: dict[str, Any], resolve: Resolve, context: ssl.SSLContext | None
) -> None:
    async with asyncio.timeout(SECONDS):
        parts = httpx.URL(url)
        addresses = await resolve(host, parts.port or 443)
        # No environment: a proxy from there would connect wherever it likes.
        async with httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            verify=context or ssl.create_default_context(),
            timeout=SECONDS,
        ) as client:
            try:
                async with client.stream(
                    "POST",
                    parts.copy_with(host=str(addresses[0])),
                    json=message,
                    headers={"Host": parts.netloc.decode("ascii"), "Accept-Encoding": "identity"},
                    extensions={"sni_hostname": host},
                ) as answer:
                    status = answer.status_code
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
                raise NotPosted(f"{host} could not be reached.") from error
    if 300 <= status < 400:
        raise NotPosted(f"{host} answered with a redirect ({status}), which is not followed.")
    if not 200 <= status < 300:
        raise NotPosted(f"{host} did not take it: status {status}.")
