"""Python programs as the provider's pages and this product's own code view show them; they are never run."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.catalogue import code
from playground.payloads.pasted import Pasted, PasteProblem
from playground.payloads.snippets import looks_like_python, read_snippet

HOSTS = frozenset({"api.segmind.com"})
KEY = "SG_0123456789abcdef"

MODEL_PAGE = f"""
import requests
import base64

# Use this function to convert an image file from the filesystem to base64
def image_file_to_base64(image_path):
    with open(image_path, 'rb') as f:
        image_data = f.read()
    return base64.b64encode(image_data).decode('utf-8')

api_key = "{KEY}"
url = "https://api.segmind.com/v1/sdxl1.0-txt2img"

# Request payload
data = {{
  "prompt": "a cat, \\"close\\" up",
  "samples": 1,
  "guidance_scale": 7.50,
  "refiner": True,
  "seed": 12345678901234567890,
  "style": None,
  'sizes': [1024, -1],
}}

headers = {{'x-api-key': api_key}}

response = requests.post(url, json=data, headers=headers)
print(response.content)  # The response is the generated image
"""
PAGE_TEXT = """{
  "prompt": "a cat, \\"close\\" up",
  "samples": 1,
  "guidance_scale": 7.50,
  "refiner": true,
  "seed": 12345678901234567890,
  "style": null,
  "sizes": [
    1024,
    -1
  ]
}"""


def read(program: str) -> Pasted:
    return read_snippet(program, HOSTS)


def call(lines: str) -> str:
    """A program that posts ``data`` after ``lines``."""
    return f"import requests\n{lines}\nrequests.post('https://api.segmind.com/v1/m', json=data)\n"


def test_a_model_page() -> None:
    found = read(MODEL_PAGE)
    assert (found.endpoint, found.version, found.text) == ("sdxl1.0-txt2img", 1, PAGE_TEXT)
    assert found.key == KEY
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    "program",
    [
        "requests.post('https://api.segmind.com/v2/m', json={'a': 1})",
        "import requests as r\nimport requests\nrequests.post(url='https://api.segmind.com/v2/m', json={'a': 1})",
        "import json, requests\nd = {'a': 1}\n"
        "requests.request('POST', 'https://api.segmind.com/v2/m', data=json.dumps(d))",
        "import httpx\nBASE = 'https://api.segmind.com'\nhttpx.post(f'{BASE}/v2/m', json=dict(a=1), timeout=60)",
        "import httpx\nwith httpx.Client(base_url='https://api.segmind.com/v2') as c:\n    c.post('/m', json={'a': 1})",
        "import httpx\nasync def main():\n    async with httpx.AsyncClient() as c:\n"
        "        r = await c.post('https://api.segmind.com/' + 'v2/m', json={'a': 1})\n",
        "import requests\ns = requests.Session()\ns.headers.update({'x-api-key': KEY})\n"
        "def go(prompt):\n    d = {'a': 1}\n    return s.post('https://api.segmind.com/v2/m', json=d)\n"
        "if __name__ == '__main__':\n    go('x')\n",
        "import requests\ntry:\n    requests.post('https://api.segmind.com/v2/m', json={'a': 1})\n"
        "except OSError:\n    pass",
        "import segmind\nsegmind.run('m', a=1)",
        "from segmind import SegmindClient\nclient = SegmindClient()\nr = client.run('m', **{'a': 1})",
        "from segmind import SegmindClient\nSegmindClient(api_key='YOUR_KEY').submit_async('m', a=1)",
    ],
)
def test_ways_to_call(program: str) -> None:
    found = read(program)
    assert (found.endpoint, found.version, found.text) == ("m", 2, '{\n  "a": 1\n}')
    assert found.key == ""


def test_the_sdks_blocking_call_is_v1() -> None:
    assert read("import segmind\nsegmind.run_sync('m', a=1)").version == 1


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("data = {}\ndata['a'] = 1\ndata['b'] = data['a'] if 0 else 2", None),
        ("p = 'x'\ndata = {'a': p, **{'b': 2}}", {"a": "x", "b": 2}),
        ("data = {'a': 1}\ndata['b'] = 'é'\ndata.update({'a': 3})", {"a": 3, "b": "é"}),
        ("data = {'a': ('one '\n  'two')}", {"a": "one two"}),
        ("data: dict = {'a': 0x10, 'b': 1_000, 'c': 1e3, 'd': .5}", {"a": 16, "b": 1000, "c": 1e3, "d": 0.5}),
        (
            "data = {'a': '\u2028', 'b': '\\ud83d'}\nx = '\u2028'; n = 7; data['n'] = n",
            {"a": "\u2028", "b": "\ud83d", "n": 7},
        ),
    ],
)
def test_values(lines: str, value: object) -> None:
    if value is None:
        with pytest.raises(PasteProblem):
            read(call(lines))
    else:
        assert json.loads(read(call(lines)).text) == value


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("data = {\n  'a': image_file_to_base64('x.png'),\n}", "Line 3: image_file_to_base64(…) is a call"),
        ("data = {'a': open('x').read()}", "Line 2: This(…) is a call"),
        ("data = {'a': prompt}", "Line 2: prompt is given no value"),
        ("data = {'a': [x for x in y]}", "Line 2: This is not a plain value"),
        ("data = {'a': float('inf')}", "Line 2: float(…) is a call"),
        ("data = {'a': 1}\nfor i in x:\n    data['a'] = i", "data is changed here"),
        ("data = {'a': []}\ndata['a'].append(1)", "Line 3: data is changed here"),
        ("data = {'a': 1}\ndata['a'] += 1", "data is changed here"),
        ("data = {'a': 1}\ndata.update({'b': f()})", "Line 3: data is changed here"),
        ("data = {'a': 1", "is not Python"),
        (f"data = {{'a': '{KEY}'}}", "key inside the JSON"),
        (
            "def f(data):\n    requests.post('https://api.segmind.com/v1/m', json=data)",
            "data is given by a caller",
        ),
    ],
)
def test_what_is_not_plain_is_named_by_its_line(lines: str, said: str) -> None:
    with pytest.raises(PasteProblem) as refused:
        read(call(lines))
    assert said in str(refused.value)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import requests", "No call of a model"),
        ("requests.get('https://api.segmind.com/v1/m')", "No call of a model"),
        ("requests.post('https://example.com/v1/m', json={})", "not the provider"),
        ("requests.post('https://api.segmind.com/v1/m')", "sends no JSON"),
        ("requests.post('https://api.segmind.com/v1/m', data={'a': 1}, files=x)", "files= sends a form"),
        ("-" * 900_000 + "1", "could not be read"),
        ("x = " + "a + " * 200_000 + "a", "could not be read"),
        ("(" * 100_000, "is not Python"),
        ("a\0b", "not Python"),
    ],
)
def test_refused_with_the_reason(program: str, said: str) -> None:
    with pytest.raises(PasteProblem, match=said.replace("(", r"\(")):
        read(program)


def test_the_first_of_several_calls_of_a_model_is_taken() -> None:
    found = read(
        "import requests\nrequests.post('https://workflows-api.segmind.com/upload-asset', json={})\n"
        "requests.post('https://api.segmind.com/v1/one', json={})\n"
        "requests.post('https://api.segmind.com/v1/two', json={})\n"
    )
    assert (found.endpoint, found.notes) == ("one", ("It sends several requests; the first was taken.",))


@pytest.mark.parametrize(
    "lines",
    [
        "data = {'a': 1}\n"
        + "".join(f"data['{n}'] = {n}\n" for n in range(2000))
        + "".join(f"b{n} = {{**data}}\n" for n in range(200))
        + "data = b199",
        "a = 'x'\n" + "a = a + a\n" * 60 + "data = {'p': a}",
        "a = 'x'\n" + "a = f'{a}{a}'\n" * 60 + "data = {'p': a}",
        "data = {'p': 'x'}\n" + "data = [data, data]\n" * 60,
        "data = ['\"']\n" + "data = [json.dumps(data)]\n" * 60,
        f"a = '{' x' * 200_000}'\n" + "".join(f"b{n} = a.strip()\n" for n in range(90)) + "data = [b89]",
    ],
)
def test_what_grows_beyond_measure_is_refused_before_it_is_made(lines: str) -> None:
    with pytest.raises(PasteProblem, match=r"Line \d+: What is put together here grows larger than anything"):
        read(call(lines))


def test_a_value_that_grew_and_is_not_sent_is_no_obstacle() -> None:
    assert read(call("a = 'x'\n" + "a = a + a\n" * 60 + "data = {'p': 1}")).text == '{\n  "p": 1\n}'


def test_a_long_elif_is_one_branch() -> None:
    # Looked through anew for each part, it would be too large.
    program = "b = 1\nif a: pass\n" + "elif a: pass\n" * 200 + "else:\n" + " x = 1\n" * 4000
    assert read(program + call("data = {'a': 1}")).text == '{\n  "a": 1\n}'
    with pytest.raises(PasteProblem, match="Line 4203: x is changed here"):
        read(program + call("data = {'a': x}"))


def test_an_if_within_an_else_knows_what_stands_beside_it() -> None:
    lines = "s = requests.Session()\nif x:\n    pass\nelse:\n    data = {'a': 1}\n    if y:\n        "
    found = read(call(lines + "s.post('https://api.segmind.com/v1/m', json=data)"))
    assert found.text == '{\n  "a": 1\n}'


def test_branches_within_branches_are_followed_up_to_a_size() -> None:
    nested = "".join(" " * depth + "if a:\n" for depth in range(90)) + " " * 90 + "x = 1;" * 4000 + "\n"
    with pytest.raises(PasteProblem, match="too large to be followed"):
        read(nested + call("data = {'a': 1}"))


def test_one_part_of_a_branch_knows_nothing_of_another() -> None:
    lines = "s = requests.Session()\nif x:\n    data = {'a': 1}\nelif y:\n    pass\nelse:\n    "
    with pytest.raises(PasteProblem, match="Line 4: data is changed here"):
        read(call(lines + "s.post('https://api.segmind.com/v1/m', json=data)"))


def test_many_empty_lines_are_no_program() -> None:
    assert not looks_like_python("x" + "\n" * 500_000)
    assert looks_like_python("x" + "\n" * 500_000 + "\t import httpx")


def test_a_client_at_an_address_that_is_not_known() -> None:
    with pytest.raises(PasteProblem, match="No call of a model"):
        read("import httpx\nc = httpx.Client(base_url=BASE)\nc.post('/v1/m', json={})")


def test_more_keys_than_a_request_has() -> None:
    with pytest.raises(PasteProblem, match="holds 51 keys"):
        read("".join(f"api_key = 'secret-{n:04}'\n" for n in range(51)) + call("data = {'a': 1}"))


@given(
    value=st.dictionaries(
        st.text(), st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=4
    ),
    version=st.sampled_from([1, 2]),
)
def test_the_code_view_comes_back_exactly(value: object, version: int) -> None:
    text = json.dumps(value, ensure_ascii=False)
    for snippet in code.snippets("veo-3", version, text):
        if snippet.language in ("python", "segmind"):
            assert looks_like_python(snippet.code)
            found = read(snippet.code)
            assert (found.endpoint, found.version, found.text) == ("veo-3", version, text)
