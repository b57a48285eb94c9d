"""The programs of the Code view, run for real against the sandbox: what arrives is the text of the editor."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from playground.catalogue.code import snippets
from tests.sandbox_server import SandboxServer

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
NASTY = (
    '{\n  "prompt": "it\'s \\"quoted\\" `back` $HOME ${x} $(id) \\\\ \\n \\u00e9 é 漢字 🙂 %s !! #",\n'
    '\t"seed": 9007199254740993,\n  "guidance": 1.0, "aspect_ratio": "1:1"\n}\n'
)
# Line ends, controls and quotes that no raw literal can hold.
ESCAPED = '{"prompt": "\u2028 \'\'\' \\"\\"\\" tail",\r\n "x": "\u0085\x7f"}'


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


def command_for(language: str, program: Path) -> list[str]:
    if language == "curl":
        return ["sh", str(program)]
    if language == "javascript":
        # The browser driver brings a Node of its own, so the tests need none on the machine.
        return [str(compute_driver_executable()[0]), str(program)]
    return [sys.executable, str(program)]


def run(
    sandbox: SandboxServer, folder: Path, *, language: str, version: int, slug: str, body: str, **options: int
) -> tuple[str, subprocess.CompletedProcess[str]]:
    """Runs one program in ``folder`` with a fresh key; returns the key and how it ended."""
    found = snippets(slug, version, body, base_url=sandbox.url, **options)
    code = next(one.code for one in found if one.language == language)
    program = folder / ("run.mjs" if language == "javascript" else "run.txt")
    program.write_bytes(code.encode())
    key = sandbox.new_key()
    done = subprocess.run(
        command_for(language, program),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "SEGMIND_API_KEY": key, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return key, done


def arrived(sandbox: SandboxServer, key: str) -> str:
    """The digest of the one body that was accepted."""
    (record,) = sandbox.accepted(key)
    return str(record["body_sha256"])


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


LANGUAGES = ["curl", "python", "javascript", "segmind"]


@pytest.mark.parametrize("body", [NASTY, ESCAPED], ids=["nasty", "escaped"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_exact_text_arrives_once_and_the_picture_is_kept(
    sandbox: SandboxServer, tmp_path: Path, language: str, version: int, body: str
) -> None:
    key, done = run(
        sandbox, tmp_path, language=language, version=version, slug="fast-flux-schnell", body=body
    )
    assert done.returncode == 0, done.stderr
    expected = body.encode()
    if language == "segmind":
        # The SDK takes values and writes its own text; numbers and order are what must survive.
        expected = json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()
    assert arrived(sandbox, key) == digest(expected)
    assert len(sandbox.charges(key)) == 1
    (kept,) = tmp_path.glob("output.*g")
    assert kept.read_bytes().startswith((PNG, JPEG))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_models_answer_is_printed(
    sandbox: SandboxServer, tmp_path: Path, language: str, version: int
) -> None:
    body = '{"messages": [{"role": "user", "content": "Say hello"}]}'
    _, done = run(sandbox, tmp_path, language=language, version=version, slug="gpt-5.5", body=body)
    assert done.returncode == 0, done.stderr
    assert "choices" in done.stdout


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_is_shown_and_not_repeated(
    sandbox: SandboxServer, tmp_path: Path, language: str, version: int
) -> None:
    key, done = run(
        sandbox, tmp_path, language=language, version=version, slug="no-such-model", body='{"prompt": "x"}'
    )
    assert done.returncode != 0
    assert "404" in done.stderr or "error" in done.stderr
    assert len(sandbox.books(key=key, kind="refused")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failed_job_ends_the_program(sandbox: SandboxServer, tmp_path: Path, language: str) -> None:
    key, done = run(sandbox, tmp_path, language=language, version=2, slug="fast-flux-schnell", body="{}")
    assert done.returncode != 0
    assert "prompt" in done.stderr.lower()
    assert sandbox.charges(key) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_asking_stops_at_the_deadline_and_says_what_to_do(
    sandbox: SandboxServer, tmp_path: Path, language: str
) -> None:
    body = '{"prompt": "x", "_sandbox": {"fault": "job_never_ends"}}'
    key, done = run(
        sandbox, tmp_path, language=language, version=2, slug="fast-flux-schnell", body=body, deadline_s=2
    )
    assert done.returncode != 0
    assert "may still be running, and be billed" in done.stderr
    assert len(sandbox.accepted(key)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_disturbed_answer_is_asked_for_again(sandbox: SandboxServer, tmp_path: Path, language: str) -> None:
    body = '{"prompt": "x", "_sandbox": {"fault": "job_flaps", "polls": 3}}'
    key, done = run(sandbox, tmp_path, language=language, version=2, slug="fast-flux-schnell", body=body)
    assert done.returncode == 0, done.stderr
    assert len(sandbox.accepted(key)) == len(sandbox.charges(key)) == 1


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lost_connection_is_no_reason_to_send_again(
    sandbox: SandboxServer, tmp_path: Path, language: str, version: int
) -> None:
    body = '{"prompt": "x", "_sandbox": {"fault": "drop_after_charge"}}'
    key, done = run(
        sandbox, tmp_path, language=language, version=version, slug="fast-flux-schnell", body=body
    )
    assert done.returncode != 0
    assert len(sandbox.accepted(key)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_body_of_a_million_characters_fits(sandbox: SandboxServer, tmp_path: Path, language: str) -> None:
    body = json.dumps({"prompt": "x", "image": "A" * 1_000_000})
    key, done = run(sandbox, tmp_path, language=language, version=1, slug="fast-flux-schnell", body=body)
    assert done.returncode == 0, done.stderr[-500:]
    assert len(sandbox.charges(key)) == 1
