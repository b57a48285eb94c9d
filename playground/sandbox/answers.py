"""What each kind of model answers to a body and a seed; the same body and seed give the same bytes."""

import hashlib
from collections.abc import Callable
from typing import Any

from playground.sandbox import chat, clips, drawing, solid, sound
from playground.sandbox.catalogue import Kind, Model
from playground.sandbox.chance import chance
from playground.sandbox.product import Part, Product

Body = dict[str, Any]
Fetch = Callable[[str], bytes | None]
"""Bytes behind an address of this sandbox's own files, None for any other."""

VECTOR_SIZES = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}


def make(model: Model, body: Body, seed: int, fetch: Fetch) -> Product:
    """Run a model. Never raises for odd parameters: what cannot be used is left out."""
    given = {**model.defaults, **{name: value for name, value in body.items() if value is not None}}
    if model.kind is Kind.IMAGE:
        return Product(parts=drawing.pictures(model, given, body, seed, fetch))
    if model.kind is Kind.VIDEO:
        return Product(parts=[clips.video(seed)])
    if model.kind is Kind.AUDIO:
        return Product(parts=[_sound(given, seed)])
    if model.kind is Kind.SOLID:
        return Product(parts=[Part(solid.glb(seed), "model/gltf-binary")])
    if model.kind is Kind.EMBEDDING:
        return Product(document=_embedding(model.slug, given))
    if model.kind is Kind.TRANSCRIPT:
        return Product(document=_transcript(model.slug, given))
    if model.kind is Kind.MOCK:
        return Product(document={"output": "mock", "sleep": number(body.get("sleep"), 0.2)})
    return Product(document=chat.reply(model.slug, given))


def number(value: object, default: float) -> float:
    """A number from a number or its text, else the default."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return default


def _sound(given: Body, seed: int) -> Part:
    wanted = str(given.get("output_format") or given.get("format") or given.get("response_format") or "mp3")
    if wanted.lower().startswith(("wav", "pcm")):
        return Part(sound.wav(seed), "audio/wav")
    return clips.music(seed)


def _embedding(slug: str, given: Body) -> Body:
    source = given.get("input") or given.get("prompt") or given.get("text") or ""
    texts = [str(item) for item in source] if isinstance(source, list) else [str(source)]
    size = VECTOR_SIZES.get(slug, 768)
    tokens = sum(len(text.split()) for text in texts)
    if slug.startswith("gemini"):
        return {"embeddings": [{"values": _vector(text, size)} for text in texts]}
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _vector(text, size)}
            for index, text in enumerate(texts)
        ],
        "model": slug,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _vector(text: str, size: int) -> list[float]:
    """A unit vector that depends on the text alone."""
    source = chance(text)
    values = [source.gauss(0, 1) for _ in range(size)]
    length = sum(value * value for value in values) ** 0.5
    return [round(value / length, 8) for value in values]


TRANSCRIPT = (
    "Good morning, and welcome back. Today we look at a small harbour town, the people who mend its nets, "
    "and the tide that decides when everybody has lunch."
)


def _transcript(slug: str, given: Body) -> Body:
    if "voice" in slug:
        mark = hashlib.sha256(repr(sorted(given)).encode()).hexdigest()[:20]
        return {"voice_id": mark, "requires_verification": False}
    text = str(given.get("text") or TRANSCRIPT)
    words, clock = [], 0.0
    for word in text.split():
        length = 0.12 + 0.05 * len(word)
        words.append(
            {
                "text": word,
                "start": round(clock, 3),
                "end": round(clock + length, 3),
                "type": "word",
                "speaker_id": "speaker_0",
            }
        )
        clock += length + 0.06
    return {"language_code": "eng", "language_probability": 0.98, "text": text, "words": words}
