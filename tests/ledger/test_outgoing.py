"""A typed address is posted to only where it is public, and exactly where the check looked."""

import asyncio
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.ledger import outgoing
from playground.ledger.outgoing import NotPosted, is_public, public_addresses
from tests.ledger.channel import HOST, Channel, serving


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    with serving(tmp_path) as found:
        yield found


def post(channel: Channel, url: str = "", text: str = "Hello") -> None:
    outgoing.post(url or channel.url(), {"text": text}, resolve=channel.resolve, context=channel.context)


def test_a_message_arrives_under_its_own_name(channel: Channel) -> None:
    post(channel, text="50 % spent")
    assert channel.posts == [("/services/secret", f"{HOST}:{channel.port}", {"text": "50 % spent"})]


def test_the_certificate_has_to_be_the_names(channel: Channel) -> None:
    with pytest.raises(NotPosted, match=r"other\.example\.com could not be reached"):
        post(channel, channel.url(host="other.example.com"))
    assert channel.posts == []


def test_a_redirect_is_not_followed(channel: Channel) -> None:
    channel.status, channel.headers = 302, {"Location": channel.url("/elsewhere")}
    with pytest.raises(NotPosted, match="redirect"):
        post(channel)
    assert [path for path, _, _ in channel.posts] == ["/services/secret"]


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_is_not_taken_is_said(channel: Channel, status: int) -> None:
    channel.status = status
    with pytest.raises(NotPosted, match=f"{HOST} did not take it: status {status}"):
        post(channel)


def test_no_proxy_of_the_environment_is_used(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    post(channel)
    assert len(channel.posts) == 1


def test_a_failure_never_names_more_than_the_host(channel: Channel) -> None:
    channel.status = 500
    with pytest.raises(NotPosted) as failure:
        post(channel)
    assert "secret" not in str(failure.value)


def test_the_loopback_interface_is_refused_before_anything_is_sent(channel: Channel) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        with pytest.raises(NotPosted, match="not a public address"):
            outgoing.post(channel.url(host=host), {"text": "x"}, context=channel.context)
    assert channel.posts == []


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "240.0.0.1",
        "::1", "::", "fe80::1", "fc00::1", "ff02::1", "fec0::1", "2001:db8::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "64:ff9b:1::1",
    ],
)  # fmt: skip
def test_addresses_inside_a_network_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_of_the_open_internet_are(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (["1.1.1.1", "10.0.0.1"], "not a public address"),
        (["10.0.0.1"], "not a public address"),
        (["fe80::1%eth0"], "not a public address"),
        ([], "was not found"),
        (["nonsense"], "was not found"),
    ],
)
def test_every_address_of_a_name_has_to_be_public(found: list[str], words: str) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return found

    with pytest.raises(NotPosted, match=words):
        asyncio.run(public_addresses("hooks.example.com", 443, lookup=lookup))


def test_a_name_that_resolves_publicly_is_taken() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        assert (host, port) == ("hooks.example.com", 443)
        return ["1.1.1.1", "2606:4700::1111"]

    found = asyncio.run(public_addresses("hooks.example.com", 443, lookup=lookup))
    assert [str(one) for one in found] == ["1.1.1.1", "2606:4700::1111"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "ftp://hooks.example.com/x",
        "hooks.example.com/x",
        "https://",
        "https:///x",
        "https://user:password@hooks.example.com/x",
        "https://hooks.example.com:0/x",
        "https://hooks.example.com:99999/x",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nx",
        "https://hööks.example.com/x",
        "https://hooks.example.com\\@10.0.0.1/",
        "https://[::1/x",
        "https://hooks.example.com/" + "x" * 3000,
    ],
)
def test_only_plain_https_may_be_tried(url: str) -> None:
    with pytest.raises(NotPosted):
        outgoing.checked(url)


def test_slack_shows_the_text_as_it_is() -> None:
    assert outgoing.slack_text("a & <b>") == "a &amp; &lt;b&gt;"
