"""Answers of a language model, in the three shapes that Segmind passes through from its providers."""

import hashlib
import json
import re
from typing import Any

from playground.sandbox.chance import chance

OPENINGS = (
    "Here is a short answer, worked out from what you asked.",
    "This is how I would go about it.",
    "A few thoughts, from the general to the particular.",
)
POINTS = (
    "**Start small.** One case that works end to end says more than ten that nearly do.",
    "**Name things plainly.** A reader should guess right the first time.",
    "**Measure before you change.** The slow part is seldom where it is expected.",
    "**Keep the evidence.** What came back is worth more than what was meant to come back.",
    "**Write down the doubt.** An unknown that is marked can be settled later.",
    "**Prefer the reversible step.** It can be taken today.",
    "**Ask who reads it.** The answer decides the length.",
)
CLOSINGS = (
    "If you say more about your setting, I can be more exact.",
    "Change the seed or the wording and I will take another angle.",
    "That is the whole of it; the rest is practice.",
)


def prompt_of(given: dict[str, Any]) -> str:
    """The last thing the user said: `messages` in any provider's form, else `prompt`, else another text."""
    messages = given.get("messages")
    if isinstance(messages, str):
        return messages
    if isinstance(messages, list):
        for message in reversed(messages):
            if isinstance(message, dict) and message.get("role", "user") == "user":
                return _text(message.get("content") or message.get("parts") or "")
    for name in ("prompt", "text", "instruction", "question", "input"):
        if isinstance(given.get(name), str) and given[name]:
            return str(given[name])
    return ""


def _text(content: object) -> str:
    if isinstance(content, list):
        return " ".join(_text(part) for part in content)
    if isinstance(content, dict):
        return str(content.get("text") or "")
    return str(content)


def reply(slug: str, given: dict[str, Any]) -> dict[str, Any]:
    """The provider's JSON for a slug: Anthropic for claude, Gemini for gemini, OpenAI for the rest."""
    prompt = prompt_of(given)
    special = _special(slug, given, prompt)
    if special is not None:
        return special
    text = as_json(prompt, given) if wants_json(given) else markdown(slug, prompt)
    mark = hashlib.sha256(f"{slug}\0{prompt}".encode(errors="surrogatepass")).hexdigest()
    asked, said = len(prompt) // 4 + 8, len(text) // 4
    if slug.startswith("claude"):
        return _anthropic(slug, text, mark, asked, said)
    if slug.startswith("gemini"):
        return _gemini(slug, text, asked, said, bool(given.get("web_search")))
    return _openai(slug, text, mark, asked, said)


def _special(slug: str, given: dict[str, Any], prompt: str) -> dict[str, Any] | None:
    if slug == "google-translate":
        return {"data": {"translations": [{"translatedText": prompt, "detectedSourceLanguage": "en"}]}}
    if slug == "ideogram-describe":
        return {
            "descriptions": [
                {"text": "A wide landscape in layered colour, with a low sun above the far ridge."}
            ]
        }
    if slug in ("bria-prompt-enhancer", "bria-fibo-generate-structured-prompt"):
        enhanced = (
            f"{prompt.strip() or 'A landscape'}, soft morning light, layered depth, fine grain, wide view"
        )
        return {"prompt": enhanced, "structured_prompt": json.dumps({"scene": enhanced, "lighting": "soft"})}
    return None


def wants_json(given: dict[str, Any]) -> bool:
    wanted = given.get("response_format")
    return isinstance(wanted, dict) and wanted.get("type") in ("json_object", "json_schema")


def as_json(prompt: str, given: dict[str, Any]) -> str:
    """A JSON object; with a schema, one value of the right type for each of its properties."""
    wanted = given["response_format"]
    holder = wanted.get("json_schema") if isinstance(wanted.get("json_schema"), dict) else {}
    schema = holder.get("schema", holder)
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return json.dumps({"answer": title_of(prompt), "confidence": 0.8})
    samples: dict[str, Any] = {
        "string": title_of(prompt),
        "integer": 3,
        "number": 0.8,
        "boolean": True,
        "array": [],
        "object": {},
    }
    return json.dumps(
        {
            name: samples.get(rule.get("type", "string"))
            for name, rule in properties.items()
            if isinstance(rule, dict)
        }
    )


def title_of(prompt: str) -> str:
    """The first words of a prompt as a heading, without what Markdown would read as its own."""
    words = re.sub(r"[#*_`<>\[\]|\\]", " ", prompt).split()[:8]
    title = " ".join(words).strip(" .,:;?!")
    return title[:1].upper() + title[1:] if title else "An answer"


def markdown(slug: str, prompt: str) -> str:
    """Headings, a list, a table and a code block; the same prompt gives the same text."""
    choice = chance(f"{slug}\0{prompt}")
    points = choice.sample(POINTS, 4)
    title, words = title_of(prompt), len(prompt.split())
    name = re.sub(r"\W+", "_", title.lower(), flags=re.ASCII).strip("_")[:32] or "answer"
    return "\n".join(
        [
            f"# {title}",
            "",
            choice.choice(OPENINGS),
            "",
            "## What matters",
            "",
            *(f"- {point}" for point in points[:3]),
            "",
            "## In order",
            "",
            "1. Say what the result should be.",
            f"2. {points[3]}",
            "3. Compare, and keep the better one.",
            "",
            "## As code",
            "",
            "```python",
            f"def {name}(attempts: int = {choice.randint(2, 5)}) -> str:",
            f'    """Answers a prompt of {words} words."""',
            "    for attempt in range(attempts):",
            '        print(f"attempt {attempt + 1} of {attempts}")',
            f"    return {title!r}",
            "```",
            "",
            "| Asked | Answered by |",
            "| --- | --- |",
            f"| {words} words | `{slug}` (sandbox) |",
            "",
            f"> {choice.choice(CLOSINGS)}",
        ]
    )


def _openai(slug: str, text: str, mark: str, asked: int, said: int) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{mark[:24]}",
        "object": "chat.completion",
        "created": 1767225600,
        "model": slug,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
    }


def _anthropic(slug: str, text: str, mark: str, asked: int, said: int) -> dict[str, Any]:
    return {
        "id": f"msg_{mark[:24]}",
        "type": "message",
        "role": "assistant",
        "model": slug,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": asked, "output_tokens": said},
    }


def _gemini(slug: str, text: str, asked: int, said: int, searched: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "finishReason": "STOP",
        "index": 0,
    }
    if searched:
        source = {"web": {"uri": "https://www.example.org/", "title": "example.org"}}
        candidate["groundingMetadata"] = {"groundingChunks": [source]}
    usage = {"promptTokenCount": asked, "candidatesTokenCount": said, "totalTokenCount": asked + said}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": slug}
