"""The sandbox's time: the real clock plus an offset that tests may push forward."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Aware UTC times. Only expiry, windows and stamps follow the offset; jobs take real seconds."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        self.offset = timedelta()


def stamp(moment: datetime) -> str:
    """ISO 8601 with microseconds and a Z, as the books and the history write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_stamp(text: str) -> datetime:
    return datetime.fromisoformat(text)
