"""A payload as code to run elsewhere: cURL, Python (httpx, the official SDK) and JavaScript, for v1 and v2.

The programs are the files in ``snippets/``. The body keeps its exact text: in each language it is quoted so
that the bytes sent are the bytes of the editor. The key is read from the environment, never written.
"""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "snippets"
BASE_URL = "https://api.segmind.com"
DEADLINE_S = 600

_MARKER = re.compile(r'(?<!\\)"atelier-file:([0-9a-f-]{36}):(base64|data-uri|upload):[0-9a-f]{32}"')
_BLANK = re.compile(r"@@([A-Z]+)@@")
_WORDS = {
    "base64": ("BASE64_OF_FILE_{}", "the file as base64 text"),
    "data-uri": ("DATA_URI_OF_FILE_{}", "the file as data:<type>;base64,<text>"),
    "upload": ("URL_OF_FILE_{}", "an https address of the file"),
}


@dataclass(frozen=True)
class Snippet:
    """``language`` is a short id (curl, python, segmind, javascript), ``title`` what a person reads."""

    language: str
    title: str
    code: str


def snippets(
    endpoint_slug: str,
    version: int,
    body_text: str,
    *,
    base_url: str = BASE_URL,
    deadline_s: int = DEADLINE_S,
) -> list[Snippet]:
    """Four programs that send ``body_text`` to the endpoint through ``version`` (1 or 2) and keep the answer.

    Files in the body become named placeholders, explained at the top; ``deadline_s`` ends the asking of v2.
    """
    text, placeholders = without_files(body_text)
    values = {"BASE": base_url, "SLUG": endpoint_slug, "DEADLINE": str(deadline_s)}
    return [
        Snippet(
            language, title, fill(f"{language}_v{version}", quote(text), notes(placeholders, comment), values)
        )
        for language, title, quote, comment in _LANGUAGES
    ]


def deadline_for(latency_s: Decimal | None) -> int:
    """Seconds to wait for a v2 job: ten minutes or three times the usual time, within the hour it is kept."""
    return min(max(DEADLINE_S, round((latency_s or Decimal(0)) * 3 / 60) * 60), 3600)


def without_files(body_text: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with each file marker replaced, and (placeholder, what to put there) in order."""
    placeholders: list[tuple[str, str]] = []

    def placeholder(match: re.Match[str]) -> str:
        name, meaning = _WORDS[match[2]]
        placeholders.append((name.format(len(placeholders) + 1), meaning))
        return json.dumps(placeholders[-1][0])

    return _MARKER.sub(placeholder, body_text), placeholders


def notes(placeholders: list[tuple[str, str]], comment: str) -> str:
    return "".join(f"{comment} Replace {name} by {meaning}.\n" for name, meaning in placeholders)


def fill(template: str, body: str, files: str, values: dict[str, str]) -> str:
    # One pass, so that nothing inside the body is taken for a blank.
    blanks = values | {"BODY": body, "FILES": files}
    return _BLANK.sub(lambda match: blanks[match[1]], program(template))


@cache
def program(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def shell_text(text: str) -> str:
    """``text`` as one word of a POSIX shell. Nothing inside single quotes is special but the quote itself."""
    return shlex.quote(text)


def python_text(text: str) -> str:
    """``text`` as a Python literal: a raw one on several lines where that is exact, else an escaped one."""
    raw = printable(text) and '"""' not in text and not text.endswith(('"', "\\"))
    return f'r"""{text}"""' if raw else ascii(text)


def javascript_text(text: str) -> str:
    """``text`` as a JavaScript literal: a raw template where that is exact, else an escaped string."""
    raw = printable(text) and "`" not in text and "${" not in text and not text.endswith("\\")
    return f"String.raw`{text}`" if raw else json.dumps(text)


def printable(text: str) -> bool:
    """Whether source may hold the text as it is: line ends but LF would be changed, controls hidden."""
    return all(char.isprintable() or char in "\n\t" for char in text)


_LANGUAGES: tuple[tuple[str, str, Callable[[str], str], str], ...] = (
    ("curl", "cURL", shell_text, "#"),
    ("python", "Python", python_text, "#"),
    ("segmind", "Segmind SDK", python_text, "#"),
    ("javascript", "JavaScript", javascript_text, "//"),
)
