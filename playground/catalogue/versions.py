"""Which of the provider's two ways suits an endpoint, and why."""

from decimal import Decimal

from playground import figures
from playground.catalogue.models import Endpoint, Output

# One blocking call is comfortable up to here; the provider's own border is 60 s, its cut-off about 100 s.
V2_FROM_S = Decimal(30)
V1_BORDER_S = Decimal(60)


def preset_version(endpoint: Endpoint) -> tuple[int, str]:
    """1 or 2, and the reason in a sentence that stands beside the switch."""
    usual = endpoint.avg_latency_s
    if endpoint.output == Output.VIDEO:
        known = f", usually {figures.about(usual)}" if usual is not None else ""
        return 2, f"v2, because video takes long{known}."
    if usual is None:
        return 2, "v2, because nobody knows yet how long this takes."
    if usual >= V2_FROM_S:
        return 2, f"v2, because this usually takes {figures.about(usual)}."
    return 1, f"v1, because this usually takes only {figures.about(usual)}."


def v1_warning(endpoint: Endpoint) -> str:
    """What to say before a v1 call that tends to outlive its connection; empty where none is to be feared."""
    usual = endpoint.avg_latency_s
    if usual is None or usual <= V1_BORDER_S:
        return ""
    return (
        f"This usually takes {usual:.0f} s, and v1 calls are cut off at about 100 s. "
        "A call that is cut off may still be billed; v2 is safe."
    )
