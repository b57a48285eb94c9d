"""What each kind of model makes, and that the same request makes it again."""

import base64
import io
import json
import struct
import wave
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from playground.sandbox import catalogue
from tests.sandbox.conftest import SMALL, Caller
from tests.sandbox_server import SandboxServer


def opened(response: httpx.Response) -> Image.Image:
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.content))


def picture(colour: str = "red", size: tuple[int, int] = (80, 70)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def test_same_prompt_seed_and_size_give_the_same_bytes(caller: Caller) -> None:
    first = caller.v1("flux-schnell", SMALL).content
    assert caller.v1("flux-schnell", dict(reversed(SMALL.items()))).content == first
    others = [{**SMALL, "seed": 8}, {**SMALL, "prompt": "a lake"}, {**SMALL, "width": 72}]
    made = {caller.v1("flux-schnell", body).content for body in others}
    made.add(caller.v1("z-image-turbo", SMALL).content)
    assert len(made | {first}) == 5


def test_the_same_bytes_come_from_another_process(caller: Caller, tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as other:
        headers = {"x-api-key": other.new_key()}
        made = httpx.post(f"{other.url}/v1/flux-schnell", json=SMALL, headers=headers)
    assert made.content == caller.v1("flux-schnell", SMALL).content


def test_a_seed_of_minus_one_is_drawn_and_told(caller: Caller) -> None:
    seeds = [caller.v1("fast-flux-schnell", {**SMALL, "seed": -1}).headers["x-seed-value"] for _ in range(3)]
    assert len(set(seeds)) == 3
    again = caller.v1("flux-schnell", {**SMALL, "seed": int(seeds[0])})
    assert again.headers["x-seed-value"] == seeds[0]


def test_a_seed_keeps_all_its_digits(caller: Caller) -> None:
    response = caller.v1("flux-schnell", {**SMALL, "seed": 18_446_744_073_709_551_615})
    assert response.headers["x-seed-value"] == "18446744073709551615"


@pytest.mark.parametrize(
    ("slug", "body", "size", "form"),
    [
        ("flux-schnell", {"width": 200, "height": 120}, (200, 120), "JPEG"),
        ("flux-schnell", {"width": 1, "height": 99}, (64, 99), "JPEG"),
        ("flux-schnell", {"width": "96", "height": 90.0}, (96, 90), "JPEG"),
        ("sdxl1.0-txt2img", {"img_width": 128, "img_height": 72}, (128, 72), "JPEG"),
        ("fast-flux-schnell", {"aspect_ratio": "16:9"}, (1024, 576), "JPEG"),
        ("gpt-image-1", {"size": "1024x1536", "output_format": "webp"}, (1024, 1536), "WEBP"),
        ("nano-banana-2", {"output_resolution": "512px", "output_format": "png"}, (512, 512), "PNG"),
        ("flux-pro", {"width": 80, "height": 64}, (80, 64), "WEBP"),
        ("seedream-4", {"size": "custom", "width": 99_999, "height": 64}, (2048, 64), "JPEG"),
    ],
)
def test_size_and_format_are_honoured(
    caller: Caller, slug: str, body: dict[str, Any], size: tuple[int, int], form: str
) -> None:
    image = opened(caller.v1(slug, {"prompt": "a hill", "seed": 1, **body}))
    assert image.size == size
    assert image.format == form


def test_samples_make_several_files_on_v2(caller: Caller) -> None:
    body = {"prompt": "a hill", "samples": 3, "img_width": 64, "img_height": 64, "seed": 4}
    made = caller.v2("ssd-1b", body).json()["request_id"]
    caller.finish(made)
    images = caller.result(made).json()["images"]
    assert len(images) == 3
    assert len({httpx.get(image["url"]).content for image in images}) == 3


@pytest.mark.parametrize("form", ["plain", "uri", "upload", "list"])
def test_a_picture_that_was_sent_comes_back_changed(caller: Caller, form: str) -> None:
    text = base64.b64encode(picture()).decode()
    uri = f"data:image/png;base64,{text}"
    sent: Any = {"plain": text, "uri": uri, "list": [uri]}.get(form)
    if form == "upload":
        sent = caller.http.post("/upload-asset", json={"data_urls": [uri]}).json()["file_urls"][0]
    body = {"prompt": "a hill", "image_urls": sent, "seed": 3, "width": 64, "height": 64}
    image = opened(caller.v1("nano-banana", body))
    assert image.size == (80, 70)
    red, green, blue = image.convert("RGB").getpixel((40, 35))  # type: ignore[misc]
    assert red > green
    assert red > blue


def test_cut_outs_are_transparent_and_enlargements_larger(caller: Caller) -> None:
    text = base64.b64encode(picture("navy")).decode()
    cut = opened(caller.v1("bg-removal-v2", {"image": text, "output_format": "png"}))
    assert cut.mode == "RGBA"
    assert cut.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert cut.getpixel((40, 35))[3] == 255  # type: ignore[index]
    assert opened(caller.v1("esrgan", {"image": text})).size == (160, 140)


@pytest.mark.parametrize(
    "sent", ["https://example.org/cat.png", "not base64 at all, but long enough to try", "data:,", "cat"]
)
def test_a_picture_that_cannot_be_read_is_drawn_from_the_prompt(caller: Caller, sent: str) -> None:
    response = caller.v1("faceswap-v5", {"source_image": sent, "target_image": sent, "seed": 1})
    assert opened(response).size == (1024, 1024)


def test_video_is_mp4_and_follows_the_seed(caller: Caller) -> None:
    clips = [caller.v1("ltx-video", {"prompt": "x", "seed": seed}) for seed in range(4)]
    assert {clip.headers["content-type"] for clip in clips} == {"video/mp4"}
    assert all(clip.content[4:8] == b"ftyp" and len(clip.content) < 150_000 for clip in clips)
    assert len({clip.content for clip in clips}) == 4
    assert caller.v1("ltx-video", {"prompt": "y", "seed": 2}).content == clips[2].content


def test_v2_video_comes_as_one_object(caller: Caller) -> None:
    made = caller.v2("ltx-video", {"prompt": "x", "seed": 1}).json()["request_id"]
    caller.finish(made)
    body = caller.result(made).json()
    assert body["video"]["url"] == body["output"]
    assert body["video"]["content_type"] == "video/mp4"
    part = httpx.get(body["output"], headers={"Range": "bytes=4-7"})
    assert part.status_code == 206
    assert part.content == b"ftyp"


def test_sound_is_mp3_or_wav(caller: Caller) -> None:
    spoken = caller.v1("chatterbox-tts", {"text": "Hello", "seed": 1})
    assert spoken.headers["content-type"] == "audio/mpeg"
    assert spoken.content.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3"))
    composed = caller.v1("lyria-2", {"prompt": "x", "seed": 1, "output_format": "wav"})
    assert composed.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(composed.content)) as file:
        assert file.getnframes() == 5 * file.getframerate()
    again = caller.v1("lyria-2", {"prompt": "x", "seed": 1, "output_format": "wav"})
    assert again.content == composed.content


def test_solids_are_binary_gltf(caller: Caller) -> None:
    response = caller.v1("hunyuan3d-2.1", {"seed": 5})
    magic, version, length = struct.unpack("<4sII", response.content[:12])
    assert (magic, version, length) == (b"glTF", 2, len(response.content))
    size = struct.unpack("<I", response.content[12:16])[0]
    assert json.loads(response.content[20 : 20 + size])["asset"]["version"] == "2.0"


def test_embeddings_are_unit_vectors_of_their_text(caller: Caller) -> None:
    body = caller.v1("text-embedding-3-small", {"input": ["a", "b", "a"]}).json()
    first, second, third = (row["embedding"] for row in body["data"])
    assert first == third != second
    assert len(first) == 1536
    assert abs(sum(value * value for value in first) - 1) < 1e-4
    assert len(caller.v1("gemini-embedding-001", {"text": "a"}).json()["embeddings"][0]["values"]) == 768


def test_transcripts_have_words_with_times(caller: Caller) -> None:
    response = caller.v1(
        "eleven-labs-transcript", {"audio_url": "https://x.example/a.mp3", "model_id": "scribe_v1"}
    )
    body = response.json()
    assert [word["text"] for word in body["words"]] == body["text"].split()
    assert all(word["start"] < word["end"] for word in body["words"])


def test_response_format_gives_json_in_the_answer(caller: Caller) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "Ada, as json"}]}]
    body = caller.v1("gpt-5.5", {"messages": messages, "response_format": wanted}).json()
    assert json.loads(body["choices"][0]["message"]["content"]) == {"name": "Ada, as json", "age": 3}


@pytest.mark.parametrize(
    "prompt", ["\ud800 lone", "nul \x00 here", "x" * 100_000, "<script>alert(1)</script>", "日本の山"]
)
def test_odd_prompts_still_run(caller: Caller, prompt: str) -> None:
    text = json.dumps({**SMALL, "prompt": prompt})
    headers = {"Content-Type": "application/json"}
    assert caller.http.post("/v1/flux-schnell", content=text, headers=headers).status_code == 200
    answer = caller.http.post("/v1/gpt-5.5", content=text, headers=headers)
    assert answer.json()["choices"][0]["message"]["content"].startswith("# ")


def test_every_model_of_the_catalogue_answers(caller: Caller) -> None:
    models = catalogue.load()
    assert len(models) >= 508
    caller.server.change_key(caller.key, credits="100000")
    body = {"prompt": "a hill", "seed": 1, "width": 64, "height": 64, "_sandbox": {"duration": 0}}
    wrong: dict[str, int] = {}
    for slug, model in models.items():
        needed = {name: _value(model.properties.get(name, {})) for name in model.required}
        response = caller.v1(slug, {**needed, **body})
        if response.status_code != 200 or not response.content:
            wrong[slug] = response.status_code
    assert wrong == {}


def _value(rule: dict[str, Any]) -> object:
    """Something a required field accepts."""
    choices = rule.get("enum") or [rule.get("default")]
    if choices[0] is not None:
        return choices[0]
    samples = {"array": [{"role": "user", "content": "Hello"}], "integer": 1, "number": 1}
    return samples.get(rule.get("type", ""), "text")
