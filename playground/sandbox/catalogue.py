"""What the sandbox knows of each model, read from the catalogue's data files."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "catalogue" / "data"

RETIRED = frozenset({"sandbox-retired", "sd1.5-retired"})
"""Slugs that answer 410. None of them is in the catalogue."""

FORBIDDEN = frozenset({"sandbox-forbidden"})
"""Slugs that answer 403, as a model does that a team may not use."""

MOCK = "mock-inference"
"""The slug of Segmind's own SDK tests; its parameters `sleep` and `credits` set the time and the cost."""


class Kind(StrEnum):
    """What a model answers with."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    CHAT = "chat"
    EMBEDDING = "embedding"
    TRANSCRIPT = "transcript"
    SOLID = "3d"
    MOCK = "mock"


KIND_BY_CATEGORY = {
    "Image-to-Image Transformation": Kind.IMAGE,
    "Text-to-Image Generation": Kind.IMAGE,
    "Image Inpainting": Kind.IMAGE,
    "Image-to-Video Generation": Kind.VIDEO,
    "Video-to-Video": Kind.VIDEO,
    "Text-to-Video Generation": Kind.VIDEO,
    "Text-to-Audio Generation": Kind.AUDIO,
    "Audio-to-Audio": Kind.AUDIO,
    "Video-to-Audio Generation": Kind.AUDIO,
    "Audio-to-Text (Transcription)": Kind.TRANSCRIPT,
    "Text Generation (LLM)": Kind.CHAT,
    "Image-to-Text (Vision)": Kind.CHAT,
    "Video-to-Text": Kind.CHAT,
    "Text Embedding": Kind.EMBEDDING,
    "Image-to-3D": Kind.SOLID,
}
KIND_BY_SLUG = {
    "bria-fibo-generate": Kind.IMAGE,
    "bria-mask-generator": Kind.IMAGE,
    "sam-v21-hiera-large": Kind.IMAGE,
}


@dataclass(frozen=True)
class Model:
    """One slug. `cost` is in US dollars per call, `latency` in seconds (None where nobody knows)."""

    slug: str
    kind: Kind
    category: str
    cost: Decimal
    latency: float | None
    schema: dict[str, Any] = field(default_factory=dict)

    @property
    def properties(self) -> dict[str, dict[str, Any]]:
        found = self.schema.get("properties", {})
        return found if isinstance(found, dict) else {}

    @property
    def required(self) -> list[str]:
        return list(self.schema.get("required", []))

    @property
    def defaults(self) -> dict[str, Any]:
        return {name: rule["default"] for name, rule in self.properties.items() if "default" in rule}

    @property
    def edits_pictures(self) -> bool:
        return self.category in ("Image-to-Image Transformation", "Image Inpainting")


def load(folder: Path = DATA) -> dict[str, Model]:
    """Every model by slug. Raises OSError or ValueError when the data files are missing or broken."""
    rows = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"), parse_float=Decimal)
    details = json.loads((folder / "models.json").read_text(encoding="utf-8"))
    schemas = {row["slug"]: row["schema"] for row in details}
    models = {row["slug"]: _model(row, schemas.get(row["slug"], {})) for row in rows}
    models[MOCK] = Model(MOCK, Kind.MOCK, "Test", Decimal("0.0001"), 1.0)
    return models


def _model(row: dict[str, Any], schema: dict[str, Any]) -> Model:
    category = str(row["category"])
    kind = KIND_BY_SLUG.get(row["slug"]) or KIND_BY_CATEGORY.get(category, Kind.CHAT)
    latency = row["avg_latency_s"]
    cost = Decimal(str(row["avg_cost_usd"] or "0.01"))
    return Model(row["slug"], kind, category, cost, None if latency is None else float(latency), schema)
