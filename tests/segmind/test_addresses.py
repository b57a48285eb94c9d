"""Where a key may go, and which results may be fetched."""

import pytest

from playground.segmind.addresses import (
    Addresses,
    ResultRefused,
    WrongAddress,
    addresses_for,
    is_sandbox_key,
    require_apart,
    require_result_url,
)
from playground.segmind.client import Client
from playground.segmind.lost import NotSent
from tests.segmind.loopback import LIVE_KEY, SANDBOX_KEY

LIVE = Addresses(
    "https://api.segmind.com/",
    storage="https://workflows-api.segmind.com",
    result_hosts=("images.segmind.com", "Storage.Segmind.com"),
)
SANDBOX = Addresses("http://127.0.0.1:8100", result_hosts=("files.sandbox:8101",), sandbox=True)


@pytest.mark.parametrize(
    ("key", "sandbox"),
    [
        (SANDBOX_KEY, True),
        ("SGTEST_0123456789ABCDEF", True),
        (LIVE_KEY, False),
        ("SGTEST_0123456789abcde", False),
        ("SGTEST_0123456789abcdef0", False),
        ("SGTEST_0123456789abcdef\n", False),
        ("sgtest_0123456789abcdef", False),
        (" SGTEST_0123456789abcdef", False),
    ],
)
def test_shape_of_a_sandbox_key(key: str, sandbox: bool) -> None:
    assert is_sandbox_key(key) is sandbox


def test_each_key_has_one_provider() -> None:
    assert addresses_for(LIVE_KEY, live=LIVE, sandbox=SANDBOX) is LIVE
    assert addresses_for(SANDBOX_KEY, live=LIVE, sandbox=SANDBOX) is SANDBOX
    assert addresses_for(LIVE_KEY, live=LIVE, sandbox=None) is LIVE
    assert addresses_for("another-form-of-key", live=LIVE, sandbox=SANDBOX) is LIVE


@pytest.mark.parametrize(
    ("key", "addresses"),
    [(SANDBOX_KEY, LIVE), (LIVE_KEY, SANDBOX), ("SGTEST_nearly", LIVE), ("SGTEST_nearly", SANDBOX)],
)
def test_a_key_at_the_wrong_place_is_refused_without_naming_it(key: str, addresses: Addresses) -> None:
    with pytest.raises(WrongAddress) as caught:
        addresses.require(key)
    assert key not in str(caught.value) + repr(caught.value)
    assert caught.value.reason == "wrong_address"


def test_without_a_sandbox_its_key_goes_nowhere() -> None:
    with pytest.raises(WrongAddress):
        addresses_for(SANDBOX_KEY, live=LIVE, sandbox=None)


@pytest.mark.parametrize(
    "sandbox",
    [
        Addresses("https://api.segmind.com", sandbox=True),
        Addresses("http://127.0.0.1:8100", storage="https://WORKFLOWS-api.segmind.com:443", sandbox=True),
        Addresses("http://127.0.0.1:8100"),
    ],
)
def test_live_and_sandbox_never_share_an_address(sandbox: Addresses) -> None:
    with pytest.raises(ValueError):
        require_apart(LIVE, sandbox)
    with pytest.raises(ValueError):
        Client(live=LIVE, sandbox=sandbox)


@pytest.mark.parametrize(
    "base",
    ["", "api.segmind.com", "ftp://a", "https://", "https://user:pw@a", "https://a?x=1", "https://a#b"],
)
def test_odd_bases_are_refused(base: str) -> None:
    with pytest.raises(ValueError):
        Addresses(base)


def test_addresses_are_built_from_parts() -> None:
    assert LIVE.model_url("v1", "sdxl1.0-txt2img") == "https://api.segmind.com/v1/sdxl1.0-txt2img"
    assert LIVE.job_url("abc", status=True) == "https://api.segmind.com/v2/requests/abc/status"
    assert LIVE.job_url("abc", status=False) == "https://api.segmind.com/v2/requests/abc"
    with pytest.raises(ValueError):
        LIVE.model_url("v3", "a")
    with pytest.raises(NotSent):
        LIVE.job_url("../v1/a", status=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://images.segmind.com/generations/a.png",
        "https://IMAGES.segmind.com/a%20b.png?sig=x%2Fy#part",
        "https://images.segmind.com:443/a",
        "https://storage.segmind.com/assets/a",
    ],
)
def test_results_of_the_live_provider(url: str) -> None:
    assert require_result_url(url, LIVE) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://images.segmind.com/a.png",
        "https://images.segmind.com:8443/a",
        "https://images.segmind.com.evil.example/a",
        "https://evil.example/images.segmind.com",
        "https://images.segmind.com@evil.example/a",
        "https://user:pw@images.segmind.com/a",
        "https://sub.images.segmind.com/a",
        "https://api.segmind.com/v1/a",
        "https://images.segmind.com\\@evil.example/a",
        "https://images.segmind.com\n/a",
        "https://images.segmind.com:99999/a",
        "https://images.segmind.com:port/a",
        "https://[::1/a",
        "https://îmages.segmind.com/a",
        "file:///etc/passwd",
        "//images.segmind.com/a",
        "/a.png",
        "",
        "javascript:alert(1)",
        "https://127.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:8100/files/a.png",
        "https://images.segmind.com/" + "a" * 5000,
    ],
)
def test_results_from_elsewhere_are_refused(url: str) -> None:
    with pytest.raises(ResultRefused):
        require_result_url(url, LIVE)


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("http://127.0.0.1:8100/files/a.png", True),
        ("http://files.sandbox:8101/a", True),
        ("http://127.0.0.1:8101/a", False),
        ("http://127.0.0.1/a", False),
        ("http://127.0.0.1:8100@evil.example/a", False),
        ("https://images.segmind.com/a", False),
        ("ftp://127.0.0.1:8100/a", False),
    ],
)
def test_results_of_the_sandbox(url: str, fine: bool) -> None:
    if fine:
        assert require_result_url(url, SANDBOX) == url
    else:
        with pytest.raises(ResultRefused):
            require_result_url(url, SANDBOX)


def test_hosts_can_be_narrowed_for_a_call() -> None:
    url = "https://storage.segmind.com/a"
    assert require_result_url(url, LIVE, ["storage.segmind.com"]) == url
    with pytest.raises(ResultRefused):
        require_result_url(url, LIVE, [])
