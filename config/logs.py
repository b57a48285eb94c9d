"""Log lines never carry a provider key or the address of a link that opens by itself, whatever a library prints."""

import logging
import re

KEY_SHAPE = re.compile(r"\bSG(?:TEST)?_[0-9A-Za-z]{8,64}")
# Whoever has the address has what is behind it: of an invitation, of a link for people outside.
LINK_SHAPE = re.compile(r"(/s/|/invitations/)[\w-]{20,}")


def redact(text: str) -> str:
    """``text`` with everything shaped like a key or a link's token replaced by its beginning and an ellipsis."""
    text = KEY_SHAPE.sub(lambda match: match.group(0).partition("_")[0] + "_…", text)
    return LINK_SHAPE.sub(r"\1…", text)


class RedactKeys(logging.Filter):
    """Renders the message once, masked, so that arguments cannot bring a key back."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = None
        return True


class Line(logging.Formatter):
    """One line per record; tracebacks follow it, masked as well."""

    def formatException(self, ei: object) -> str:  # noqa: N802 (name given by logging)
        return redact(super().formatException(ei))  # type: ignore[arg-type]
