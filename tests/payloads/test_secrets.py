"""The scanner before everything that leaves a team: what it finds however it is hidden, and what it lets pass."""

import base64
import codecs
import gzip
import json
import random
import uuid
import zlib
from urllib.parse import quote

import pytest

from playground.payloads import secrets
from playground.payloads.readings import PIECE, Budget, visible
from playground.payloads.secrets import Finding, find_secrets

# Put together here, so that no scanner of repositories stumbles over this file.
HEX = "0123456789abcdef"
SG = "SG_" + "3f9a1c7e5b2d8046"
SGTEST = "SGTEST_" + "3f9a1c7e5b2d8046"
OPENAI = "sk-" + "Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd3Fg6Hj0K"
PROJECT = "sk-proj-" + "Zx9Kq2Lw8-Rt5Yu1Io4_Pa7Sd3Fg6Hj0KabcdefT3BlbkFJ"
ANTHROPIC = "sk-ant-" + "api03-Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd3Fg6Hj0K-AA"
AWS = "AKIA" + "Q7W2E9R4T1Y6U3I8"
GOOGLE = "AIza" + "SyD3f9a1C7e5B2d8046Zx9Kq2Lw8Rt5Yu1I"
GITHUB = "ghp_" + "Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd3Fg6Hj0KlMn12"
PAT = "github_pat_" + "11ABCDEFG0Zx9Kq2Lw8Rt5_Yu1Io4Pa7Sd3Fg6Hj0KlMn12"
SLACK = "xoxb-" + "123456789012-abcdefGHIJ12"
STRIPE = "sk_live_" + "51Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd"
HUGGING = "hf_" + "Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd3Fg6Hj0KlMn"
REPLICATE = "r8_" + "Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd3Fg6Hj0KlMn123"
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


def b64bytes(data: bytes) -> str:
    return base64.b64encode(data).decode()


def b64(text: str) -> str:
    return b64bytes(text.encode())


def spread(text: str, between: str) -> str:
    return between.join(text)


PLAIN = [
    SG,
    SGTEST,
    OPENAI,
    PROJECT,
    ANTHROPIC,
    AWS,
    GOOGLE,
    GITHUB,
    PAT,
    SLACK,
    STRIPE,
    HUGGING,
    REPLICATE,
    JWT,
    PEM,
]

HIDDEN: dict[str, object] = {
    **{f"plain {secret[:7]}": {"prompt": f"a harbour {secret} at dawn"} for secret in PLAIN},
    **{f"glued {secret[:7]}": {"prompt": f"key={secret}."} for secret in PLAIN},
    **{f"percent {secret[:7]}": {"url": quote(secret).replace("_", "%5F").replace("-", "%2D")} for secret in PLAIN},
    **{f"every byte percent {secret[:7]}": {"u": "".join(f"%{ord(c):02x}" for c in secret)} for secret in PLAIN},
    **{f"base64 {secret[:7]}": {"image": b64(f"key: {secret}")} for secret in PLAIN},
    **{f"zero width {secret[:7]}": {"prompt": spread(secret, "\u200b")} for secret in PLAIN},
    **{f"in a name {secret[:7]}": {secret: 1} for secret in PLAIN},
    **{f"backwards {secret[:7]}": {"prompt": secret[::-1]} for secret in PLAIN},
    "lower case": {"prompt": SG.lower()},
    "white space": {"prompt": spread(SG, " ")},
    "white space in an OpenAI key": {"prompt": spread(OPENAI, " ")},
    "line ends": {"prompt": spread(GITHUB, "\n")},
    "dashes": {"prompt": spread(SG, "-")},
    "dots": {"prompt": spread(SG, ".")},
    "groups of four": {"prompt": "SG_3f9a 1c7e 5b2d 8046"},
    "soft hyphens": {"prompt": spread(AWS, "\u00ad")},
    "tags and selectors": {"prompt": spread(HUGGING, "\ufe0f\U000e0041")},
    "full width": {"prompt": "".join(chr(ord(c) + 0xFEE0) for c in SG)},
    "Cyrillic letters": {"prompt": SG.replace("S", "\u0405").replace("a", "\u0430").replace("c", "\u0441")},
    "accents": {"prompt": spread(SG, "\u0301")},
    "added up in code": {"prompt": '"SG_3f9a1c7e" + "5b2d8046"'},
    "two list items": {"prompts": ["SG_3f9a1c7e", "5b2d8046"]},
    "two members": {"a": "SG_3f9a1c7e", "b": "5b2d8046"},
    "name and value": {"SG_3f9a1c7e": "5b2d8046"},
    "JSON in a string": {"extra": json.dumps({"deep": [{"prompt": SG}]})},
    "JSON in JSON in a string": {"extra": json.dumps(json.dumps({"deep": json.dumps({"k": OPENAI})}))},
    "hexadecimal codes": {"note": " ".join(f"0x{ord(c):x}" for c in SG)},
    "hexadecimal codes without a gap": {"note": "".join(f"0x{ord(c):x}" for c in SG)},
    "binary codes without a gap": {"note": "".join(f"0b{ord(c):08b}" for c in SG)},
    "a JWT behind its own first letters": {"note": "-eyJ" * 9 + "_" + JWT},
    "unicode escapes in a string": {"prompt": "".join(f"\\u{ord(c):04x}" for c in SG)},
    "hex escapes in a string": {"prompt": "".join(f"\\x{ord(c):02x}" for c in GOOGLE)},
    "HTML entities": {"prompt": "".join(f"&#{ord(c)};" for c in SG)},
    "hex": {"prompt": SG.encode().hex()},
    "character codes": {"prompt": ", ".join(str(ord(c)) for c in SG)},
    "percent twice": {"url": quote(quote("x " + SG.replace("_", "%5F")))},
    "base64 twice": {"data": b64(b64(SG))},
    "base64 for addresses": {"data": base64.urlsafe_b64encode(f"???>>>{SG}".encode()).decode()},
    "base64 without its end": {"data": b64("the key is " + SG).rstrip("=")},
    "base64 in lines": {"data": "\n".join(b64("k " + SG)[i : i + 12] for i in range(0, 60, 12))},
    "base64 of UTF-16": {"data": base64.b64encode(SG.encode("utf-16")).decode()},
    "data URI": {"image": "data:text/plain;base64," + b64(SG)},
    "data URI, percent": {"image": "data:text/plain," + quote(SG.replace("_", "%5f"))},
    "a picture's comment": {"image": b64bytes(b"\x89PNG" + bytes(range(256)) + SG.encode() + bytes(90))},
    "x-api-key header": {"note": "x-api-key: 9f8e7d6c5b4a"},
    "curl": {"note": "curl -H 'x-api-key: abcdef123456' https://api.segmind.com"},
    "Authorization header": {"note": "Authorization: Token qwertyuiop"},
    "Bearer": {"note": "use Bearer abcdef1234567890abcd"},
    "Basic": {"note": "Basic " + b64("user:pass")},
    "member x-api-key": {"headers": {"x-api-key": "whatever"}},
    "member Authorization": {"headers": {"Authorization": "Bearer abc"}},
    "member password": {"password": "open sesame"},
    "member in odd letters": {"A-P-I_k.e.y": "whatever"},
    "Postman header": [{"key": "x-api-key", "value": "whatever"}],
    "name in prose": {"prompt": "the api key is q1w2e3r4t5y6"},
    "AWS secret": {"note": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYz0q1w2e3r4"},
    "user in an address": {"url": "https://maria:s3cret@example.com/a.png"},
    "token in an address": {"url": "https://example.com/a.png?token=abc123def456"},
    "api_key in an address": {"url": "https://example.com/a.png?w=1&api_key=abc123def456"},
    "signature": {"url": "https://s3.example.com/a.png?X-Amz-Signature=" + HEX * 4},
    "signature, nested": {"url": "https://example.com/?u=" + quote("https://b.example.com/?sig=" + HEX * 2, safe="")},
    "braces around a password": {"password": "{{a}}hunter2{{b}}"},
    "a passphrase of words": {"passphrase": "correct horse battery staple"},
    "a password that begins like a variable": {"password": "$ecret123"},
    "a password of my own": {"password": "mysecretpassword"},
    "a password behind its scheme": {"authorization": "Basic $ecret123"},
    "an ElevenLabs key": {"prompt": "a harbour " + "sk_" + HEX * 3 + " at dawn"},
    "hexadecimal after key": {"note": "use the key " + HEX[::-1] * 2 + " here"},
    "hexadecimal after api key": {"note": "the API key is `" + HEX[::-1] * 2 + "`."},
    "a cookie of a browser": {"cookie": "session=4f2a9c; theme=dark; lang=en"},
    "a scheme before it": {"authorization": "Bearer hunter2"},
    "behind a heap of base64": {"note": " ".join(b64(f"nothing at all {n}") for n in range(99)) + " " + b64("k" + SG)},
    "words before base64": {"note": "Notes\n\n" + "\n".join(b64("k " + SG)[i : i + 12] for i in range(0, 60, 12))},
    "a letter before hex": {"note": "a" + SG.encode().hex()},
    "quoted-printable": {"note": "".join(f"={ord(c):02X}" for c in SG)},
    "base32": {"note": base64.b32encode(OPENAI.encode()).decode()},
    "base85": {"note": base64.b85encode(SG.encode()).decode()},
    "ASCII 85": {"note": base64.a85encode(SG.encode()).decode()},
    "rotated letters": {"note": codecs.encode(GITHUB, "rot13")},
    "zipped": {"note": b64bytes(gzip.compress(SG.encode()))},
    "deflated": {"note": b64bytes(zlib.compress(SG.encode()))},
    "base64 backwards": {"note": b64(SG)[::-1]},
    "nested lists": [["SG_3f9a"], ["1c7e5b2d8046"]],
    "nested objects": {"a": {"x": "SG_3f9a1c7e"}, "b": {"x": "5b2d8046"}},
    "numbers": [ord(c) for c in SG],
    "hexadecimal numbers": [hex(ord(c)) for c in SG],
    "numbers and blanks": {"note": " ".join(str(ord(c)) for c in SG)},
    "binary numbers": {"note": " ".join(f"{ord(c):08b}" for c in SG)},
    "code points": {"note": " ".join(f"U+{ord(c):04X}" for c in SG)},
    "escapes of a stylesheet": {"note": "".join(f"\\{ord(c):06x}" for c in SG)},
    "entities without their end": {"note": "".join(f"&#{ord(c)}" for c in SG)},
    "markup between": {"note": GITHUB[:10] + "<b></b>" + GITHUB[10:20] + "**" + GITHUB[20:]},
    "dots in another's key": {"note": ".".join(GITHUB)},
    "an alphabet of tags": {"note": "".join(chr(0xE0000 + ord(c)) for c in SG)},
    "octal escapes": {"note": "".join(f"\\{ord(c):03o}" for c in SG)},
    "Slack hook": {"url": "https://hooks.slack.com/services/" + "T00AA11BB/B00AA11BB/Zx9Kq2Lw8Rt5Yu1Io4Pa7Sd3"},
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_is_found_and_never_repeated(name: str) -> None:
    text = json.dumps({"input": HIDDEN[name], "seed": 1})

    found = find_secrets(text)

    assert found, text
    words = " ".join(str(one) for one in found)
    assert all(secret not in words and secret[::-1] not in words for secret in PLAIN)
    assert all(one.path.startswith("$.input") for one in found)


@pytest.mark.parametrize("secret", PLAIN)
def test_plain_words_are_scanned_too(secret: str) -> None:
    found = find_secrets(f"# Notes\n\nUse this: {secret}\n")

    assert [one.path for one in found][:1] == ["line 3"]


def test_the_path_names_the_place_and_hides_a_name_that_is_a_secret() -> None:
    text = json.dumps({"a": [{"x-note": SG}], SGTEST: {"b": OPENAI}, "c": json.dumps({"d": [AWS]})})

    paths = [one.path for one in find_secrets(text)]

    assert paths == ['$.a[0]["x-note"]', '$["…"]', '$["…"].b', "$.c → $.d[0]"]


def test_of_two_members_with_one_name_both_are_looked_at() -> None:
    assert find_secrets('{"a": "' + SG + '", "a": "harmless"}')


def picture(size: int, seed: int) -> str:
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + random.Random(seed).randbytes(size)).decode()


INNOCENT: dict[str, object] = {
    "a prompt": {"prompt": "A harbour at dawn, 8k, Canon EOS 5D, f/1.8, ISO 100, --ar 16:9 --seed 12345"},
    "sk words": {"prompt": "task-based risk-assessment of desk-lamps; sk-ip the intro 2 times, then ask-3-questions"},
    "SG words": {"prompt": "SG_90 style, MSG_0123 and SG-1 crew, e.g. a bad cafe facade decade"},
    "keys in prose": {"prompt": "The key is under the mat; the secret: honesty. Password is overrated, tokens too"},
    "bearer": {"prompt": "the bearer of bad news; a pallbearer; Basic instincts, basic research"},
    "seeds": {"seed": 18446744073709551615, "seeds": [1, -1, 4294967295]},
    "uuid": {"id": str(uuid.UUID(int=2**127 + 12345)), "request_id": uuid.UUID(int=77).hex},
    "hashes": {"sha256": HEX * 4, "md5": HEX * 2, "etag": '"d41d8cd98f00b204e9800998ecf8427e"'},
    "a link": {"url": "https://images.example.com/a/b/c.png?width=1024&fit=crop&v=3"},
    "placeholders": {"headers": {"x-api-key": "{{api_key}}", "Authorization": "<your token>"}, "k": "x-api-key: $KEY"},
    "other placeholders": [
        *({"password": one} for one in ("${pass}", "$DB_PASSWORD", "{{pass}}", "<password>", "%PASS%", "", "xxxx")),
        *({"api_key": one} for one in ("your-api-key", "YOUR_API_KEY", "my-api-key", "os.environ['KEY']", "[a key]")),
    ],
    "hexadecimal elsewhere": {"note": f"the keys {HEX * 2}, a monkey {HEX * 2}, md5 {HEX * 2}, key frame {HEX * 2}"},
    "curl with a variable": {"note": 'curl -H "x-api-key: $SEGMIND_API_KEY" -H "Authorization: Bearer {{token}}"'},
    "tokens of a model": {"max_tokens": 512, "eos_token": "<|endoftext|>", "stop_token": "###", "token_count": "12"},
    "names": {"keyword": "harbour", "key": "C minor", "monkey": "12 monkeys", "secretary": "maria"},
    "colours": {"palette": ["#0123456789abcdef"[:7], "#ff8800", "#SG1234"]},
    "mail": {"to": "maria@example.com", "at": "ssh git@github.com:team/repo.git"},
    "code": {"prompt": "def token(key): return key + 'is' # password = input('password: ')"},
    "time": {"at": "2026-11-28T10:00:00+01:00", "pace": "12:30:45", "ratio": "16:9"},
    "JSON text": {"workflow": json.dumps({"nodes": [{"id": 7, "type": "KSampler", "seed": 123456789012345}]})},
    "other scripts": {"prompt": "Гавань на рассвете, 港の夜明け, مرفأ عند الفجر, naïve café"},
    "emoji": {"prompt": "a family 👨‍👩‍👧‍👦 and a heart ❤️"},
    "LoRA": {"lora": "https://huggingface.co/hf_hub/some-model_v1.safetensors", "name": "hf_diffusers_lora"},
    "lyrics": {"lyrics": "Akia, Akia, sing with me\n" * 20},
    "long uppercase": {"prompt": "AKIA IS A VERY FINE NAME FOR A SHIP THAT SAILS"},
    "a scheme before a placeholder": {"authorization": "Bearer {{key}}", "cookie": "<your cookie>"},
    "secrets of a story": {"secret": "a hidden door behind the books", "cookie": "with chocolate chips"},
    "20,000 members": {f"k{n}": "v" for n in range(20_000)},
    "numbers": {"points": [[1, 2], [3.5, 1e-7]], "csv": ", ".join(str(n) for n in range(40, 90))},
    **{f"image {n}": {"image": picture(40_000, n), "uri": "data:image/png;base64," + picture(9, n)} for n in range(9)},
}  # fmt: skip


@pytest.mark.parametrize("name", INNOCENT)
def test_ordinary_payloads_pass(name: str) -> None:
    assert find_secrets(json.dumps(INNOCENT[name])) == []


HOSTILE = {
    "beginnings of a JWT": "-eyJ" * 250_000,
    "beginnings of a JWT and dots": "-eyJhbGciOi" * 50_000 + "." + "-eyJhbGciOi" * 50_000,
    "prefixes of numbers that are digits": ("0b" * 35 + "zz ") * 3_000,
    "prefixes and codes": "0b0x0o" * 50_000,
    "accents on one letter": "a" + "\u0301\u0323" * 100_000,
}
# Every combination of these reads as something new.
TANGLE = r"%25252541&amp;amp;amp;lt;b&gt; \x5cx5cx41 `fox` " * 200
UNCHECKED = "too many encodings to be checked"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_key_behind_a_heap_is_found_and_the_heap_alone_is_none(name: str) -> None:
    """Each heap once took the square of its length, or an exponent of it: it would not come back."""
    assert find_secrets(json.dumps({"prompt": HOSTILE[name]})) == []
    assert find_secrets(json.dumps({"prompt": f"{HOSTILE[name]} {SG}"}))


def test_text_reads_the_same_wherever_it_is_cut() -> None:
    for before in range(PIECE - 4, PIECE + 2):
        assert visible("-" * before + "ｅ\u0301\u0323ﬁ") == "-" * before + "efi"


@pytest.mark.parametrize("depth", [59, 60, 500])
def test_what_is_too_deep_is_one_finding(depth: int) -> None:
    text = "[" * depth + ",".join([f'"{SG}"'] * 3) + "]" * depth

    found = find_secrets(text)

    if depth > 60:
        assert [str(one) for one in found] == ["$" + "[0]" * 61 + ": nested too deeply to be checked"]
    else:
        assert [one.path for one in found] == ["$" + "[0]" * (depth - 1) + f"[{n}]" for n in range(3)]


def test_no_path_is_built_where_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[object] = []

    def path(place: object, *_: object) -> str:
        built.append(place)
        return ""

    monkeypatch.setattr(secrets, "_path", path)
    text = "[" * 50 + ",".join(['{"a": 1, "b": ["c"]}'] * 500) + "]" * 50

    assert find_secrets(text) == []
    assert built == []


def test_what_cannot_be_read_to_its_end_is_the_last_finding() -> None:
    found = find_secrets(json.dumps({"a": SG, "b": [TANGLE], "c": [TANGLE, SG]}), Budget(0))

    assert [(one.path, one.what) for one in found] == [("$.a", "a Segmind key"), ("$.b[0]", UNCHECKED)]
    assert find_secrets(f"# Notes\n{TANGLE}", Budget(0)) == [Finding("line 2", UNCHECKED)]


def test_all_strings_of_a_document_are_read_from_one_budget() -> None:
    budget, text = Budget(0), json.dumps([TANGLE[:1_000] + str(n) for n in range(99)])

    (found,) = find_secrets(text, budget)

    assert found.what == UNCHECKED
    assert found.path not in ("$[0]", "$[98]")
    assert budget.left < 0


def test_a_long_document_has_less_left_for_each_character() -> None:
    assert Budget(1_000).left > 60_000
    # Of hundreds of pictures there are about sixteen characters to read for each.
    assert 16 * 2_000_000 < Budget(2_000_000).left < 20 * 2_000_000
