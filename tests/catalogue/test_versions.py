from decimal import Decimal

import pytest

from playground.catalogue.models import Endpoint
from playground.catalogue.versions import preset_version, v1_warning


def one(output: str, latency: str | None) -> Endpoint:
    return Endpoint(slug="x", output=output, avg_latency_s=None if latency is None else Decimal(latency))


@pytest.mark.parametrize(
    ("output", "latency", "version", "reason"),
    [
        ("image", "2.5", 1, "v1, because this usually takes only 2.5 s."),
        ("image", "29.999", 1, "v1, because this usually takes only 30 s."),
        ("image", "30", 2, "v2, because this usually takes 30 s."),
        ("json", "75.4", 2, "v2, because this usually takes 1 min 20 s."),
        ("image", None, 2, "v2, because nobody knows yet how long this takes."),
        ("video", "2", 2, "v2, because video takes long, usually 2.0 s."),
        ("video", "289", 2, "v2, because video takes long, usually 4 min 50 s."),
        ("video", None, 2, "v2, because video takes long."),
    ],
)
def test_the_preset_and_its_reason(output: str, latency: str | None, version: int, reason: str) -> None:
    assert preset_version(one(output, latency)) == (version, reason)


@pytest.mark.parametrize("latency", [None, "1", "60"])
def test_no_warning_within_a_minute(latency: str | None) -> None:
    assert v1_warning(one("image", latency)) == ""


def test_the_warning_names_both_times() -> None:
    assert v1_warning(one("image", "75.4")).startswith(
        "This usually takes 75 s, and v1 calls are cut off at about 100 s."
    )
