"""Starter payloads: what the editor holds when a person opens an endpoint for the first time."""

import json
from typing import Any

from playground.catalogue.models import Output

IDEAS = {
    Output.IMAGE: "A lighthouse on a basalt cliff at dawn, soft fog, photographed on medium format film",
    Output.VIDEO: "Slow aerial shot along a rocky coast at sunrise, waves breaking, a gull in the frame",
    Output.AUDIO: "A calm piano piece with soft rain in the background",
    Output.JSON: "Name three uses for a paper clip that are not holding paper.",
    Output.TEXT: "Describe what is here in two sentences.",
    Output.BINARY: "A wooden rocking chair",
}
SPEECH = "Good morning. The tide is out, and the light on the water is remarkable."

# What to ask of a model that is given a picture or a clip beside the words.
IDEAS_WITH_MEDIA = IDEAS | {
    Output.IMAGE: "Keep the subject as it is; change the light to a warm, low evening sun",
    Output.VIDEO: "The camera moves slowly closer while hair and leaves stir in the wind",
    Output.AUDIO: "Sounds that fit the scene, natural and close",
    Output.JSON: "Describe what is here in two sentences.",
}
# Optional fields people set in nearly every call; shown from the start where the schema gives a default.
USUAL = {
    *(
        "aspect_ratio",
        "size",
        "width",
        "height",
        "img_width",
        "img_height",
        "output_resolution",
        "resolution",
    ),
    *("duration", "steps", "num_inference_steps", "voice", "language", "quality", "mode", "type", "scale"),
}
# What the models of a category are seen to take most often. A guess: names differ from model to model.
BY_CATEGORY: dict[str, tuple[str, ...]] = {
    "Audio-to-Audio": ("audio_url",),
    "Audio-to-Text (Transcription)": ("audio_url",),
    "Image Inpainting": ("prompt", "image", "mask"),
    "Image-to-3D": ("image",),
    "Image-to-Image Transformation": ("prompt", "image"),
    "Image-to-Text (Vision)": ("prompt", "image"),
    "Image-to-Video Generation": ("prompt", "image"),
    "Text Generation (LLM)": ("messages",),
    "Text-to-Audio Generation": ("text",),
    "Video-to-Audio Generation": ("prompt", "video_url"),
    "Video-to-Text": ("prompt", "video_url"),
    "Video-to-Video": ("prompt", "video_url"),
}
MEDIA_GUESSES = {"image", "mask", "audio_url", "video_url"}
OUTPUT_BY_CATEGORY: dict[str, Output] = {
    "Audio-to-Audio": Output.AUDIO,
    "Audio-to-Text (Transcription)": Output.TEXT,
    "Image Inpainting": Output.IMAGE,
    "Image-to-3D": Output.BINARY,
    "Image-to-Image Transformation": Output.IMAGE,
    "Image-to-Text (Vision)": Output.TEXT,
    "Image-to-Video Generation": Output.VIDEO,
    "Text Embedding": Output.JSON,
    "Text Generation (LLM)": Output.JSON,
    "Text-to-Audio Generation": Output.AUDIO,
    "Text-to-Image Generation": Output.IMAGE,
    "Text-to-Video Generation": Output.VIDEO,
    "Video-to-Audio Generation": Output.AUDIO,
    "Video-to-Text": Output.TEXT,
    "Video-to-Video": Output.VIDEO,
}


def output_of(category: str) -> Output:
    return OUTPUT_BY_CATEGORY.get(category, Output.JSON)


def sample_for(category: str, output: Output, schema: dict[str, Any] | None) -> str:
    """A payload as JSON text: the required fields and the usual ones. Media fields are left for a person."""
    if schema is None:
        names = BY_CATEGORY.get(category, ("prompt",))
        media = any(name in MEDIA_GUESSES for name in names)
        payload = {name: idea(name, output, media=media) for name in names}
    else:
        payload = from_schema(schema, output)
    return json.dumps(payload, indent=2, ensure_ascii=False)


def from_schema(schema: dict[str, Any], output: Output) -> dict[str, Any]:
    properties = rules_of(schema)
    wanted = required_or_first(schema)
    media = any(takes_media(properties.get(name, {})) for name in wanted)
    payload: dict[str, Any] = {}
    for name, rule in properties.items():
        usual = name in USUAL and not (name in ("width", "height") and "size" in properties)
        if "default" in rule and (name in wanted or usual):
            payload[name] = rule["default"]
        elif name in wanted or (name == "prompt" and "messages" not in properties):
            payload[name] = value_for(name, rule, output, media=media)
    return payload


def rules_of(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties and their rules; one that allows or forbids everything (true, false) says nothing."""
    properties: dict[str, Any] = schema.get("properties", {})
    return {name: rule if isinstance(rule, dict) else {} for name, rule in properties.items()}


def required_or_first(schema: dict[str, Any]) -> set[str]:
    """Names a call needs: ``required`` and the first alternative, or else the fields that take a file."""
    required = set(schema.get("required", []))
    for choice in schema.get("anyOf", [])[:1]:
        required |= set(choice.get("required", [])) if isinstance(choice, dict) else set()
    if required:
        return required
    return {name for name, rule in rules_of(schema).items() if takes_media(rule)}


def takes_media(rule: dict[str, Any]) -> bool:
    return rule.get("format") == "uri" or "base64 text" in rule.get("description", "")


def value_for(name: str, rule: dict[str, Any], output: Output, *, media: bool) -> Any:
    if rule.get("enum"):
        return rule["enum"][0]
    kind = rule.get("type", "string")
    if kind in ("integer", "number"):
        return rule.get("minimum", 1)
    if kind == "boolean":
        return False
    if kind == "object":
        return {}
    if kind == "array" and name != "messages":
        return []
    return "" if takes_media(rule) else idea(name, output, media=media)


def idea(name: str, output: Output, *, media: bool) -> Any:
    """A value that shows what belongs there. Media fields stay empty: no sample file is sure to exist."""
    if name == "messages":
        return [{"role": "user", "content": IDEAS[Output.JSON]}]
    if name == "prompt":
        return (IDEAS_WITH_MEDIA if media else IDEAS)[output]
    return {"text": SPEECH, "genres": "ambient, piano, rain"}.get(name, "")
