"""Texts that hold a key are shared with nobody; texts that only look busy are."""

import json

import pytest

from playground.payloads.exposure import Leak, check_texts

KEYS = [
    "SG_" + "0123456789abcdef",
    "SGTEST_" + "0123456789abcdef",
    "sk-" + "a1B2c3D4e5F6g7H8i9J0k1L2",
    "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0",
    "sk-ant-" + "api03-a1B2c3D4e5F6g7H8",
    "sk_live_" + "a1B2c3D4e5F6g7H8",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6",
    "ghp_" + "a1B2c3D4e5F6g7H8i9J0",
    "github_pat_" + "a1B2c3D4e5F6g7H8i9J0",
    "glpat-" + "a1B2c3D4e5F6g7H8",
    "xoxb-" + "1234567890-abcdef",
    "hf_" + "a1B2c3D4e5F6g7H8i9J0",
    "r8_" + "a1B2c3D4e5F6g7H8i9J0",
    "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".c2lnbmF0dXJl",
    "-----BEGIN " + "RSA PRIVATE KEY-----",
]
INNOCENT = [
    '{"prompt": "a task-force in a desk-lamp light", "seed": 9007199254740993}',
    '{"id": "0190aaaa-bbbb-7ccc-8ddd-000000000001", "sha": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"}',
    '{"image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"}',
    '{"style": "MSG_heavy", "note": "hf_short sk-ill AKIA"}',
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "text",
    ['{{"key": "{}"}}', '{{\n"headers": "Bearer {}, and more"}}', '{{"url": "https://x.example/?k={}"}}'],
)
def test_a_key_names_its_place_and_is_not_repeated(key: str, text: str) -> None:
    filled = text.format(key)
    with pytest.raises(Leak) as leak:
        check_texts(text=filled)
    assert f"$.{next(iter(json.loads(filled)))} (" in str(leak.value)
    assert key not in str(leak.value)


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_key_is_no_leak(text: str) -> None:
    check_texts(text=text)
