"""Where a key may go. Each key fits one set of addresses, live or sandbox, and the check runs before any
I/O.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from playground.segmind.lost import NotSent
from playground.segmind.reply import is_job_id

_SANDBOX_KEY = re.compile(r"SGTEST_[0-9A-Fa-f]{16}")
_SENDABLE_KEY = re.compile(r"[\x21-\x7e]{8,512}")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_HOST = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]")


class WrongAddress(NotSent):
    """A key and an address that do not belong together. Raised before anything is sent."""

    def __init__(self, message: str) -> None:
        super().__init__("wrong_address", message)


class ResultRefused(NotSent):
    """A result address that may not be fetched: not https, not in the result hosts, or redirected out of
    them.
    """

    def __init__(self, message: str) -> None:
        super().__init__("result_refused", message)


def is_sandbox_key(key: str) -> bool:
    """True for `SGTEST_` and 16 hexadecimal characters."""
    return bool(_SANDBOX_KEY.fullmatch(key))


def require_sendable(key: str) -> None:
    """Raises NotSent for a key that no header can carry, without naming it."""
    if not _SENDABLE_KEY.fullmatch(key):
        raise NotSent("key_unusable", "The key holds characters that cannot be sent.")


@dataclass(frozen=True)
class Addresses:
    """One provider: the live one or the sandbox. Addresses are bases without a trailing slash, history may
    be empty.

    `result_hosts` are exact host names, fetched by https on its own port; for the sandbox `host:port`
    entries are fetched by http too. Raises ValueError for an address that is no plain http(s) base.
    """

    api: str
    storage: str = ""
    history: str = ""
    result_hosts: tuple[str, ...] = ()
    sandbox: bool = False

    def __post_init__(self) -> None:
        for name in ("api", "storage", "history"):
            value: str = getattr(self, name).rstrip("/")
            if value or name == "api":
                _require_base(value)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "result_hosts", tuple(host.lower() for host in self.result_hosts))

    @property
    def origins(self) -> frozenset[tuple[str, str, int]]:
        return frozenset(origin_of(urlsplit(base)) for base in (self.api, self.storage, self.history) if base)

    def require(self, key: str) -> None:
        """Raises WrongAddress if `key` may not be sent here, NotSent if it cannot be sent at all."""
        if key.startswith("SGTEST_") and not is_sandbox_key(key):
            raise WrongAddress("This key begins like a sandbox key but is none. It is sent nowhere.")
        if is_sandbox_key(key) and not self.sandbox:
            raise WrongAddress("A sandbox key only goes to the sandbox.")
        if not is_sandbox_key(key) and self.sandbox:
            raise WrongAddress("Only a sandbox key goes to the sandbox.")
        require_sendable(key)

    def model_url(self, version: str, slug: str) -> str:
        """The address of a model call. Raises NotSent for a slug that is not a plain name."""
        if version not in ("v1", "v2"):
            raise ValueError("version is v1 or v2")
        if not _SLUG.fullmatch(slug) or ".." in slug:
            raise NotSent("slug_odd", "The model's name holds characters that cannot be sent.")
        return f"{self.api}/{version}/{slug}"

    def job_url(self, request_id: str, *, status: bool) -> str:
        """The address of a v2 job, from its id alone. Raises NotSent for an id that is not a plain name."""
        if not is_job_id(request_id):
            raise NotSent("job_id_odd", "The job's id holds characters that cannot be sent.")
        return f"{self.api}/v2/requests/{request_id}{'/status' if status else ''}"


def _require_base(base: str) -> None:
    parts = urlsplit(base)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
    ):
        raise ValueError(f"not a plain http(s) address: {base!r}")


def origin_of(parts: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port. Raises ValueError for a port that is no number."""
    default = 443 if parts.scheme == "https" else 80
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def addresses_for(key: str, *, live: Addresses, sandbox: Addresses | None) -> Addresses:
    """The only addresses that this key may go to. Raises WrongAddress if there are none, NotSent for an
    odd key.
    """
    if is_sandbox_key(key) and sandbox is None:
        raise WrongAddress("No sandbox is set up, and a sandbox key goes nowhere else.")
    found = sandbox if sandbox is not None and is_sandbox_key(key) else live
    found.require(key)
    return found


def require_apart(live: Addresses, sandbox: Addresses | None) -> None:
    """Raises ValueError if the two share an origin or are swapped: then a live key could reach the
    sandbox.
    """
    if live.sandbox or (sandbox is not None and not sandbox.sandbox):
        raise ValueError("the live addresses and the sandbox addresses are swapped")
    if sandbox is not None and live.origins & sandbox.origins:
        raise ValueError("the sandbox shares an address with the live provider")


def require_result_url(url: str, addresses: Addresses, hosts: Sequence[str] | None = None) -> str:
    """`url` if it may be fetched as a result, without a key. Raises ResultRefused otherwise.

    Live: https, port 443, host exactly in the list. Sandbox: its own origins, or `host:port` in the list.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = origin_of(parts)
    except ValueError:
        raise ResultRefused("The result's address cannot be read.") from None
    allowed = tuple(one.lower() for one in hosts) if hosts is not None else addresses.result_hosts
    odd = (
        not url.isascii()
        or any(one in url for one in " \\\r\n\t")
        or not _HOST.fullmatch(host if ":" not in host else f"[{host}]")
    )
    if odd or parts.username is not None or parts.password is not None or len(url) > 4096:
        raise ResultRefused("The result's address cannot be read.")
    if scheme == "https" and port == 443 and host in allowed:
        return url
    own = (scheme, host, port) in addresses.origins or f"{host}:{port}" in allowed
    if addresses.sandbox and scheme in ("http", "https") and own:
        return url
    raise ResultRefused("The result lies on a host outside the allowed result hosts.")
