"""Numbers as people read them: money, durations, sizes, counts and moments."""

from datetime import datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils import timezone

# Groups of three digits stay on one line and never look like a decimal mark.
THIN = "\u202f"
_UNITS = ("B", "kB", "MB", "GB", "TB")


def money(value: Decimal) -> str:
    """A cost as text without its sign: at least four decimals and two significant digits, never rounded to zero."""
    places = max(4, 1 - value.adjusted()) if value else 4
    return f"{value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN):,f}".replace(",", THIN)


def exact(value: Decimal) -> str:
    """Every digit of ``value``, without an exponent and without padding zeros past the fourth decimal."""
    text = f"{value:f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(4, '0')}"


def duration(seconds: float | Decimal) -> str:
    """0.4 s, 28.4 s, 1 min 12 s, 2 h 5 min."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def about(seconds: float | Decimal) -> str:
    """A usual time, without a precision it does not have: 0.8 s, 28 s, 1 min 10 s, 12 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    whole = round(seconds / 10) * 10 if seconds < 300 else round(seconds / 60) * 60
    minutes, rest = divmod(int(whole), 60)
    if minutes >= 60:
        return duration(whole)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def size(count: int) -> str:
    """Bytes in decimal units, as file managers count: 512 B, 1.3 MB."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 999.5 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.5 else f"{amount:.1f} {unit}"


def number(value: int) -> str:
    return f"{value:,d}".replace(",", THIN)


def moment(value: datetime, zone: tzinfo, *, now: datetime | None = None) -> str:
    """A time in ``zone``: the clock alone for today, with the day before that, with the year before this year."""
    local = value.astimezone(zone)
    today = (now or timezone.now()).astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    if local.year == today.year:
        return f"{local.day} {local:%b %H:%M:%S}"
    return f"{local.day} {local:%b %Y %H:%M}"
