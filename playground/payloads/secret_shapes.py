"""What a secret looks like in text: one named pattern per kind, tried by ``secrets.py`` on every reading of a text."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_PLACEHOLDER = re.compile(
    r"\{\{[^{}]{0,60}\}\}|\{[A-Za-z_]\w*\}|\$\{?\w+\}?|%\w+%|<[^<>]*>|\[[A-Za-z _-]*\]|os\.environ.*|process\.env.*"
    r"|(?:sk-|SG_)?(?:your|my|the|insert|enter|some)[-_ ]?[A-Za-z_ -]*|[xX*.…•-]{3,}|key|none|null|true|false|token",
    re.IGNORECASE | re.DOTALL,
)
# Of a member whose name says that it is a secret: "$ecret123" and "mysecretpassword" are passwords.
_STANDS_FOR_SECRET = re.compile(
    r"\{\{[^{}]{0,60}\}\}|\{[A-Za-z_]\w*\}|\$\{\w+\}|\$[A-Z][A-Z0-9_]*|%\w+%|<[^<>]*>|\[[A-Za-z _-]*\]"
    r"|(?i:os\.environ.*|process\.env.*|(?:sk-|SG_)?(?:your[-_ ]?|(?:my|the|insert|enter|some)[-_ ])[A-Za-z_ -]*)"
    r"|(?i:[xX*.…•-]{3,}|key|none|null|true|false|token)",
    re.DOTALL,
)
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")


def is_placeholder(value: str) -> bool:
    """Whether a value only says where a secret would stand: ``{{key}}``, ``$TOKEN``, ``<your key>``, ``xxxx``."""
    return not value or _PLACEHOLDER.fullmatch(value.strip()) is not None


def _stands_for_secret(value: str) -> bool:
    return not value or _STANDS_FOR_SECRET.fullmatch(value.strip()) is not None


def _mixed(value: str) -> bool:
    return bool(_DIGIT.search(value) and _LETTER.search(value)) and not is_placeholder(value)


def _written(value: str) -> bool:
    return not is_placeholder(value)


def _named_value(value: str) -> bool:
    return not is_placeholder(value) and (_mixed(value) or len(value) >= 24)


def _name_and_password(value: str) -> bool:
    try:
        plain = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return b":" in plain and all(32 <= byte < 127 for byte in plain)


@dataclass(frozen=True, slots=True)
class Shape:
    """``strong`` ones are so particular that they count in binary data and across two values, too.

    ``needs`` are small letters one of which has to be in a text without its white space before the pattern is tried.
    """

    what: str
    pattern: re.Pattern[str]
    fits: Callable[[str], bool] = lambda value: True
    strong: bool = False
    needs: tuple[str, ...] = ()

    def within(self, text: str) -> bool:
        """Whether ``text`` holds one; the last group of the pattern, or the whole, has to pass ``fits``."""
        return any(self.fits(match[match.lastindex or 0]) for match in self.pattern.finditer(text))


_START = r"(?<![A-Za-z0-9])"

# Prefix, characters of the rest, their least number. Each is also looked for with white space between any two.
_PREFIXED: tuple[tuple[str, str, str, int], ...] = (
    ("an OpenAI key", "sk-proj-", r"[A-Za-z0-9_-]", 20),
    ("an OpenAI key", "sk-svcacct-", r"[A-Za-z0-9_-]", 20),
    ("an OpenAI key", "sk-admin-", r"[A-Za-z0-9_-]", 20),
    ("an Anthropic key", "sk-ant-", r"[A-Za-z0-9_-]", 20),
    ("an OpenRouter key", "sk-or-v1-", r"[A-Za-z0-9]", 20),
    ("an OpenAI-like key", "sk-", r"[A-Za-z0-9]", 20),
    ("an AWS access key", "AKIA", r"[A-Z0-9]", 16),
    ("an AWS access key", "ASIA", r"[A-Z0-9]", 16),
    ("a Google API key", "AIza", r"[A-Za-z0-9_-]", 30),
    ("a Google OAuth secret", "GOCSPX-", r"[A-Za-z0-9_-]", 20),
    ("a Google access token", "ya29.", r"[A-Za-z0-9_-]", 20),
    ("a GitHub token", "ghp_", r"[A-Za-z0-9]", 20),
    ("a GitHub token", "gho_", r"[A-Za-z0-9]", 20),
    ("a GitHub token", "ghu_", r"[A-Za-z0-9]", 20),
    ("a GitHub token", "ghs_", r"[A-Za-z0-9]", 20),
    ("a GitHub token", "ghr_", r"[A-Za-z0-9]", 20),
    ("a GitHub token", "github_pat_", r"[A-Za-z0-9_]", 20),
    ("a GitLab token", "glpat-", r"[A-Za-z0-9_-]", 16),
    ("a Slack token", "xoxb-", r"[A-Za-z0-9-]", 10),
    ("a Slack token", "xoxp-", r"[A-Za-z0-9-]", 10),
    ("a Slack token", "xoxa-", r"[A-Za-z0-9-]", 10),
    ("a Slack token", "xoxr-", r"[A-Za-z0-9-]", 10),
    ("a Slack token", "xoxs-", r"[A-Za-z0-9-]", 10),
    ("a Slack token", "xapp-", r"[A-Za-z0-9-]", 10),
    ("a Stripe key", "sk_live_", r"[A-Za-z0-9]", 16),
    ("a Stripe key", "rk_live_", r"[A-Za-z0-9]", 16),
    ("a Stripe key", "sk_test_", r"[A-Za-z0-9]", 16),
    ("a Stripe webhook secret", "whsec_", r"[A-Za-z0-9+/=]", 24),
    ("an ElevenLabs key", "sk_", r"[a-f0-9]", 48),
    ("a Hugging Face token", "hf_", r"[A-Za-z0-9]", 20),
    ("a Replicate token", "r8_", r"[A-Za-z0-9]", 20),
    ("a Groq key", "gsk_", r"[A-Za-z0-9]", 30),
    ("an xAI key", "xai-", r"[A-Za-z0-9]", 30),
    ("a Perplexity key", "pplx-", r"[A-Za-z0-9]", 30),
    ("an npm token", "npm_", r"[A-Za-z0-9]", 36),
    ("a PyPI token", "pypi-AgEI", r"[A-Za-z0-9_-]", 30),
    ("a SendGrid key", "SG.", r"[A-Za-z0-9_.-]", 40),
    ("a DigitalOcean token", "dop_v1_", r"[a-f0-9]", 40),
    ("a Notion token", "ntn_", r"[A-Za-z0-9]", 30),
    ("a Linear key", "lin_api_", r"[A-Za-z0-9]", 30),
    ("a Databricks token", "dapi", r"[a-f0-9]", 32),
    ("a Shopify token", "shpat_", r"[a-fA-F0-9]", 32),
    ("a Supabase token", "sbp_", r"[a-f0-9]", 40),
    ("an age key", "AGE-SECRET-KEY-1", r"[A-Z0-9]", 50),
)


def _prefixed() -> Iterator[Shape]:
    for what, prefix, letters, least in _PREFIXED:
        plain = rf"{_START}{re.escape(prefix)}({letters}{{{least},}})"
        # Capitals alone are as good as digits where the kind has nothing else.
        fits = _written if letters == "[A-Z0-9]" else _mixed
        needs = (prefix.lower(),)
        yield Shape(what, re.compile(plain), fits, strong=True, needs=needs)
        gap = r"\s*"
        spaced = gap.join(re.escape(character) for character in prefix)
        # A sentence that goes on after something like "sk-" has few digits.
        yield Shape(
            what,
            re.compile(rf"{_START}{spaced}((?:{gap}{letters}){{{least}}})"),
            lambda value: len(_DIGIT.findall(value)) >= 3 and _mixed(value),
            needs=needs,
        )


_NAMES = (
    r"(?:x[-_]?)?api[-_ ]?key|access[-_ ]?key|access[-_ ]?token|auth[-_ ]?token|refresh[-_ ]?token|"
    r"session[-_ ]?token|client[-_ ]?secret|secret[-_ ]?(?:access[-_ ]?)?key|private[-_ ]?key|secret|"
    r"passw(?:or)?d|passphrase|account[-_ ]?key"
)
_QUERY_NAMES = (
    r"(?:access[-_]?|auth[-_]?|refresh[-_]?|id[-_]?|x-amz-security-)?token|(?:x[-_])?api[-_]?key|apikey|"
    r"(?:x-(?:amz|goog)-)?signature|sig|x-amz-credential|x-goog-credential|awsaccesskeyid|"
    r"(?:client[-_]?)?secret|passw(?:or)?d|pwd|auth|credential"
)

_MARKS = tuple(
    f"{word}="
    for word in ("token", "key", "signature", "sig", "credential", "keyid", "secret", "pwd", "auth")
)
_MARKS += ("password=", "passwd=")
_OWN = ("sg_", "sgtest_")

SHAPES: tuple[Shape, ...] = (
    # Whatever stands between its characters: this is the key of the provider itself.
    Shape(
        "a Segmind key",
        re.compile(
            r"(?<![A-Za-z0-9])S[\W_]{0,8}G(?:[\W_]{0,8}T[\W_]{0,8}E[\W_]{0,8}S[\W_]{0,8}T)?"
            r"[\W]{0,8}_(?:[\W_]{0,8}[0-9a-f]){16}(?![0-9a-z])",
            re.IGNORECASE,
        ),
        strong=True,
    ),
    Shape("a Segmind key", re.compile(r"SG(?:TEST)?_[0-9a-f]{16}", re.IGNORECASE), strong=True, needs=_OWN),
    Shape(
        "a Segmind key",
        re.compile(rf"{_START}SG(?:TEST)?_([A-Za-z0-9]{{16,}})"),
        _mixed,
        strong=True,
        needs=_OWN,
    ),
    *_prefixed(),
    Shape("a Twilio key", re.compile(rf"{_START}SK[0-9a-f]{{32}}(?![0-9a-z])"), strong=True, needs=("sk",)),
    Shape(
        "a fal key",
        re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{32}\b"),
        strong=True,
        needs=tuple(f"{one}:" for one in "0123456789abcdef"),
    ),
    Shape(
        "a Telegram token",
        re.compile(rf"{_START}\d{{8,10}}:AA[A-Za-z0-9_-]{{32,}}"),
        strong=True,
        needs=(":aa",),
    ),
    Shape(
        "a Slack or Discord webhook",
        re.compile(
            r"hooks\.slack\.com/(?:services|workflows)/\w+/\w+|discord(?:app)?\.com/api/webhooks/\d+/\S+"
        ),
        strong=True,
        needs=("hooks.slack.com", "webhooks"),
    ),
    Shape(
        "a signed token (JWT)",
        # From the start of a run of letters to its first "eyJ", possessive: each run is read once.
        re.compile(
            rf"(?<![A-Za-z0-9_-])(?>[A-Za-z0-9_-]*?{_START}eyJ)[A-Za-z0-9_-]{{8,}}+\s*+\.\s*+[A-Za-z0-9_-]{{8,}}+\s*+\."
        ),
        strong=True,
        needs=("eyj",),
    ),
    Shape(
        "a private key",
        re.compile(r"-----\s*BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File"),
        strong=True,
        needs=("-----", "putty-user"),
    ),
    Shape(
        "a name and password in an address",
        re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^/\s:@?#\"']{0,200}:([^/\s@?#\"']{1,200})@", re.IGNORECASE),
        lambda value: not is_placeholder(value),
        strong=True,
        needs=("://",),
    ),
    Shape(
        "a token in an address",
        re.compile(rf"[?&;#](?:{_QUERY_NAMES})=([^&\s\"'<>#]{{6,}})", re.IGNORECASE),
        _named_value,
        needs=_MARKS,
    ),
    Shape(
        "a token in an address",
        re.compile(r"[?&]key=([^&\s\"'<>#]{16,})", re.IGNORECASE),
        _mixed,
        needs=("key=",),
    ),
    Shape(
        "an Authorization header",
        re.compile(
            r"\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:[A-Za-z]+\s+)?([^\s\"',;]{8,})",
            re.IGNORECASE,
        ),
        lambda value: not is_placeholder(value),
        needs=("authorization",),
    ),
    Shape(
        "a bearer token",
        re.compile(r"\bbearer[\s:]+([\w.~+/-]{16,}=*)", re.IGNORECASE),
        _mixed,
        needs=("bearer",),
    ),
    Shape(
        "a name and password",
        re.compile(r"\bbasic\s+([A-Za-z0-9+/]{8,}={0,2})", re.IGNORECASE),
        _name_and_password,
        needs=("basic",),
    ),
    Shape(
        "a named secret",
        re.compile(
            rf"(?<![A-Za-z])(?:{_NAMES})(?:[\"'\])]{{0,3}})\s*(?:[:=]|=>|is)\s*[\"'(]{{0,2}}([^\s\"',;&)}}]{{8,}})",
            re.IGNORECASE,
        ),
        _mixed,
        needs=("key", "token", "secret", "passw", "passphrase"),
    ),
    Shape(
        "a named key",
        re.compile(
            r"(?<![A-Za-z])(?:api[-_ ]?)?key(?:\s+is)?[\s:=\"'`(\[]{1,4}([0-9a-f]{32})(?![0-9a-z])",
            re.IGNORECASE,
        ),
        _mixed,
        needs=("key",),
    ),
)

STRONG = tuple(shape for shape in SHAPES if shape.strong)

_OWN_KEY = re.compile(r"s[\W_]{0,8}g")
_BY_NEED = {
    need: tuple(shape for shape in SHAPES if need in shape.needs)
    for need in dict.fromkeys(need for shape in SHAPES for need in shape.needs)
}


def kinds_in(text: str, shapes: Sequence[Shape]) -> list[str]:
    """The kinds of secrets in ``text``, each once. Quick: most texts have nothing of what the shapes need."""
    small = text.lower()
    packed = "".join(small.split())
    own = _OWN_KEY.search(small)
    if own is None and not any(map(packed.__contains__, _BY_NEED)):
        return []
    likely = [shape for need, some in _BY_NEED.items() if need in packed for shape in some]
    likely += SHAPES[:1] if own else ()
    return list(
        dict.fromkeys(
            shape.what
            for shape in dict.fromkeys(likely)
            if (shape.strong or shapes is SHAPES) and shape.within(text)
        )
    )


# A member of this name holds a secret whatever its value looks like.
_SECRET_MEMBER = re.compile(
    r"(?:proxy)?authorization|(?:x)?apikey|accesskey(?:id)?|secretaccesskey|(?:access|auth|refresh|id|bearer|session)token|"
    r"clientsecret|secret(?:key)?|privatekey|passw(?:or)?d|passphrase|pwd|setcookie|cookie|credentials?|signingkey"
)
# These are words of stories and recipes, too: a sentence is none.
_ALSO_A_WORD = re.compile(r"secret|cookie|credentials?")
# Of these many are harmless (an end-of-text token, say), so the value has to look the part.
_LIKELY_MEMBER = re.compile(r".*(?:apikey|token|secret|password|accesskey|privatekey)|auth|bearer|key")
_SCHEME = re.compile(r"(?:bearer|basic|token|apikey|key|digest)\s+", re.IGNORECASE)


def secret_member(name: str, value: str) -> bool:
    """Whether a JSON member of this name and value is a secret by its name."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    value = value.strip()
    named = _SECRET_MEMBER.fullmatch(plain) is not None
    stands = _stands_for_secret if named else is_placeholder
    # A header has a scheme before it: "Bearer {{key}}".
    if stands(value) or stands(_SCHEME.sub("", f"{value} ", count=1)):
        return False
    if named:
        return len(value) >= 4 and not (_ALSO_A_WORD.fullmatch(plain) and _is_sentence(value))
    likely = _LIKELY_MEMBER.fullmatch(plain) is not None
    return likely and len(value) >= 12 and not re.search(r"\s", value) and _mixed(value)


def _is_sentence(value: str) -> bool:
    """At least three words, most of them letters alone; ``session=4f2a; theme=dark`` is none."""
    words = [word.strip(".,;:!?'\"()") for word in value.split()]
    return len(words) >= 3 and all("=" not in word and not _DIGIT.search(word) for word in words)
