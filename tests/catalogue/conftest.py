import pytest

from playground.catalogue.models import Endpoint
from playground.catalogue.own import Values
from tests.personas import People, make_people


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@pytest.fixture
def endpoint(db: None) -> Endpoint:
    """A bundled one everybody sees."""
    return Endpoint.objects.bundled().get(slug="seedream-4.5")


@pytest.fixture
def values() -> Values:
    """What an admin types for an endpoint of the team's own."""
    return {
        "slug": "harbour-lora",
        "title": "Harbour LoRA",
        "output": "image",
        "avg_latency_s": None,
        "schema_text": '{"required": ["prompt"],\n "properties": {"prompt": {"type": "string"}}}',
        "sample_text": '{"prompt": "a pier"}',
        "notes": "",
    }
