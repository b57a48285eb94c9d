"""cURL commands as people paste them. The same words in another shell's quoting give the same JSON text."""

import json
import shlex
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.payloads.curl import begins_like_curl, read_curl
from playground.payloads.pasted import PasteProblem
from playground.payloads.quoting import bash
from playground.payloads.windows import command_prompt, powershell

HOSTS = frozenset({"api.segmind.com", "127.0.0.1:9100"})
KEY = "SG_0123456789abcdef"
URL = "https://api.segmind.com/v1/flux-schnell"

TAKEN = [
    # -- options
    (f"curl {URL} -d '{{}}'", "{}"),
    (f"curl -X POST {URL} -d '{{\"a\": 1}}'", '{"a": 1}'),
    (f"curl -XPOST {URL} -d'{{\"a\": 1}}'", '{"a": 1}'),
    (f"curl -sSLX POST {URL} -d '{{\"a\": 1}}'", '{"a": 1}'),
    (f"curl --request POST --url {URL} --data '{{\"a\": 1.0}}'", '{"a": 1.0}'),
    (f"curl --request=POST --url={URL} --data='{{\"a\": 1}}'", '{"a": 1}'),
    (f"curl --location '{URL}' --header 'Content-Type: application/json' --data '{{\"a\": 1}}'", '{"a": 1}'),
    (f'curl {URL} --data-raw \'{{"a": "@b"}}\'', '{"a": "@b"}'),
    (f"curl {URL} --data-binary '{{\"a\": 1}}' --compressed", '{"a": 1}'),
    (f"curl {URL} --data-ascii '{{\"a\": 1}}' -k --http2", '{"a": 1}'),
    (f"curl {URL} --json '{{\"a\": 1}}'", '{"a": 1}'),
    (f"curl {URL} --json '{{\"a\":' --json ' 1}}'", '{"a": 1}'),
    (f"curl {URL} -d '{{\"a\": \"1' -d '2\"}}'", '{"a": "1&2"}'),
    (f"curl --max-time 60 -o out.png -w '%{{http_code}}' {URL} -d '{{}}'", "{}"),
    (f"curl --no-buffer --retry 3 -A me -e x {URL} -d '{{}}' -D headers.txt", "{}"),
    (f"curl -d '{{}}' -- {URL}", "{}"),
    (f"$ curl {URL} -d '{{}}'", "{}"),
    (f"  sudo curl {URL} -d '{{}}'", "{}"),
    ("curl api.segmind.com/v1/flux-schnell -d '{}'", "{}"),
    ("curl https://API.segmind.com:443/v1/flux-schnell/ -d '{}'", "{}"),
    # -- bash
    (f'curl {URL} -d "{{\\"a\\": \\"b\\"}}"', '{"a": "b"}'),
    (f'curl {URL} -d "{{\\"a\\": \\"\\$5 \\\\\\\\ \\`x\\`\\"}}"', '{"a": "$5 \\\\ `x`"}'),
    (f"""curl {URL} -d '{{"a": "it'"'"'s"}}'""", '{"a": "it\'s"}'),
    (f"""curl {URL} -d '{{"a": "it'\\''s"}}'""", '{"a": "it\'s"}'),
    (f'curl {URL} -d {{\\"a\\":1}}', '{"a":1}'),
    (f'curl {URL} -d $\'{{"a": "it\\\'s \\u00e9\\x21 \\xc3\\xa9\\\\n"}}\'', '{"a": "it\'s é! é\\n"}'),
    (f'curl {URL} -d $\'{{\\n\\t"a": "\\ud83d\\udea2"}}\'', '{\n\t"a": "\U0001f6a2"}'),
    (f'curl {URL} -d $\'{{"a": "\\041\\U0001f6a2"}}\'', '{"a": "!\U0001f6a2"}'),
    (f"curl \\\n  -X POST \\\n  {URL} \\\n  -d '{{\n  \"a\": 1\n}}'\n", '{\n  "a": 1\n}'),
    (f"curl -X POST \\  \r\n  {URL} \\\r\n  -d '{{\"a\": 1}}'", '{"a": 1}'),
    (f"curl {URL}\n  -H 'a: b'\n  -d '{{\"a\": 1}}'\necho done", '{"a": 1}'),
    (f"curl {URL} -d '{{\"a\": 1}}' | jq . > out.json", '{"a": 1}'),
    (f"curl {URL} > out.png 2>/dev/null -d '{{\"a\": 1}}' && echo", '{"a": 1}'),
    (f'curl {URL} -d \'{{"a": "x ^\\" `y` 50%"}}\' # a note', '{"a": "x ^\\" `y` 50%"}'),
    # -- the Windows command prompt
    (f'curl -X POST ^\r\n  "{URL}" ^\r\n  -d "{{\\"a\\": 1}}"', '{"a": 1}'),
    (f'curl "{URL}" -d "{{""a"": ""x y""}}"', '{"a": "x y"}'),
    (f'C:\\Users\\me>curl.exe "{URL}" -d "{{""a"": 1}}"', '{"a": 1}'),
    (
        f'curl ^"{URL}^" ^\n  -H ^"a: b^" ^\n  --data-raw ^"^{{^\\^"a^\\^": ^\\^"b ^& c 5^%^ ^^^\\^"^}}^"',
        '{"a": "b & c 5% ^"}',
    ),
    (f'curl ^"{URL}^" --data-raw ^"^{{^\n\n  ^\\^"a^\\^": 1^\n\n^}}^"', '{\n  "a": 1\n}'),
    (f'curl "{URL}" ^\n -d "{{\\"a\\": \\"c:\\\\\\\\d\\"}}"', '{"a": "c:\\\\\\\\d"}'),
    # -- PowerShell
    (f"curl.exe {URL} -d '{{\\\"a\\\": \\\"it''s\\\"}}'", '{"a": "it\'s"}'),
    (f"curl.exe `\n  {URL} `\n  -d '{{\"a\": \"it''s\"}}'", '{"a": "it\'s"}'),
    (f'curl.exe `\r\n  -X POST {URL} `\r\n  -d "{{`"a`": `"$5`"}}"', '{"a": "$5"}'),
    (f"PS C:\\> curl.exe {URL} --json '{{\"a\": 1}}' ; echo", '{"a": 1}'),
    (f"curl.exe {URL} `\n -d @'\n{{\"a\": 1}}\n'@", '{"a": 1}'),
]


@pytest.mark.parametrize(("command", "text"), TAKEN)
def test_taken(command: str, text: str) -> None:
    found = read_curl(command, HOSTS)
    assert (found.endpoint, found.version, found.text) == ("flux-schnell", 1, text)
    assert found.key == ""


REFUSED = [
    ("curl", "does not begin"),
    (f"curl {URL}", "sends no JSON"),
    ("curl -d '{}'", "no address"),
    (f"curl {URL} {URL} -d '{{}}'", "more than one address"),
    (f"curl {URL} -d", "nothing behind -d"),
    (f"curl {URL} -d '{{", "never closed"),
    (f"curl {URL} -d @body.json", "in a file (body.json)"),
    (f"curl {URL} --json @body.json", "in a file (body.json)"),
    (f"curl {URL} --data-binary @-", "what another program hands over"),
    (f"curl {URL} -d a=1 -d b=2", "joins with &"),
    (f"curl {URL} -F image=@cat.png", "--form sends a form"),
    (f"curl {URL} -T body.json", "--upload-file sends a form or a file"),
    (f"curl {URL} --data-urlencode a=1", "sends a form"),
    (f"curl -K options {URL}", "options from a file"),
    (f"curl {URL} -d '{{}}' --next {URL}", "several requests"),
    (f"curl -G {URL} -d '{{}}'", "asks with GET"),
    (f"curl -X delete {URL} -d '{{}}'", "asks with DELETE"),
    (f'curl {URL} -d "$(cat body.json)"', "fill in a part"),
    ("curl https://example.com/v1/flux-schnell -d '{}'", "example.com, which is not the provider"),
    ("curl https://api.segmind.com.example.com/v1/a -d '{}'", "not the provider"),
    ("curl https://api.segmind.com@example.com/v1/a -d '{}'", "not the provider"),
    ("curl https://api.segmind.com/workflows/a-v1 -d '{}'", "not the address of a model"),
    (f'curl {URL} -d \'{{"key": "{KEY}"}}\'', "key inside the JSON"),
    (f"curl {URL} -H 'x-api-key: a-private-key' -d '{{\"k\": \"a-private-key\"}}'", "key inside the JSON"),
]


@pytest.mark.parametrize(("command", "said"), REFUSED)
def test_refused_with_the_reason(command: str, said: str) -> None:
    with pytest.raises(PasteProblem) as refused:
        read_curl(command, HOSTS)
    assert said in str(refused.value)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    ("part", "key"),
    [
        (f"-H 'x-api-key: {KEY}'", KEY),
        (f'-H "X-API-Key:{KEY}"', KEY),
        (f"--header 'Authorization: Bearer {KEY}'", KEY),
        (f"--header='authorization: {KEY}'", KEY),
        (f"-u me:{KEY}", KEY),
        (f"-u {KEY}:", KEY),
        (f"--oauth2-bearer {KEY}", KEY),
        ("-H 'x-api-key: another-kind-of-secret'", "another-kind-of-secret"),
        ("-H 'x-api-key: YOUR_API_KEY'", ""),
        ('-H "x-api-key: $SEGMIND_API_KEY"', ""),
        ("-H 'x-api-key: <key>'", ""),
    ],
)
def test_a_key_is_caught(part: str, key: str) -> None:
    found = read_curl(f"curl {URL} {part} -d '{{}}'", HOSTS)
    assert found.key == key
    assert not key or key not in repr(found)


def test_a_key_in_the_address_is_caught() -> None:
    assert read_curl(f"curl '{URL}?api_key={KEY}' -d '{{}}'", HOSTS).key == KEY


def test_version_and_the_sandbox() -> None:
    found = read_curl("curl http://127.0.0.1:9100/v2/veo-3 -d '{}'", HOSTS)
    assert (found.endpoint, found.version) == ("veo-3", 2)


def test_what_is_not_certain_is_noted() -> None:
    assert "not valid JSON" in read_curl(f"curl {URL} -d '{{a}}'", HOSTS).notes[0]
    assert "$WORD is kept" in read_curl(f'curl {URL} -d "{{\\"a\\": \\"$WORD\\"}}"', HOSTS).notes[0]


def test_only_a_command_begins_like_curl() -> None:
    assert begins_like_curl("curl.exe -X")
    assert not begins_like_curl("a curl up")
    assert not begins_like_curl("curly hair")


@pytest.mark.parametrize("reader", [bash, command_prompt, powershell])
def test_a_gap_of_many_lines_is_one_gap(reader: Callable[[str], list[str]]) -> None:
    gap = "\n" * 300_000
    assert reader(f"a {gap}-b {gap}c") == ["a", "-b"]


def test_many_texts_that_are_never_closed_are_words() -> None:
    assert powershell(" @'\n'" * 100_000) == ["@\n"] * 100_000
    assert powershell("a @'\r\nb\r\n'@ @\"\nc\n\"@ @'\nd'") == ["a", "b", "c", "@\nd"]


def test_a_command_of_many_commands_is_refused() -> None:
    with pytest.raises(PasteProblem, match="more than one address"):
        read_curl("curl.exe " * 100_000, HOSTS)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    value=st.dictionaries(st.text(), _VALUES, max_size=4),
    indent=st.sampled_from([None, 2]),
    plain=st.booleans(),
)
def test_json_quoted_for_bash_comes_back_exactly(value: object, indent: int | None, plain: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=plain)
    assert read_curl(f"curl {URL} -d {shlex.quote(text)}", HOSTS).text == text
