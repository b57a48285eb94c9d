"""Amounts in sentences: mails, alerts and refusals have no template that could format them."""

from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal

_CENT = Decimal("0.01")


def dollars(amount: Decimal) -> str:
    """``$ 0.0400``: at least four decimals and two significant digits, so that no amount reads as zero."""
    places = 4 if amount == 0 else max(4, 1 - amount.adjusted())
    rounded = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    return f"$ {rounded:,f}".replace(",", "\u202f")


def about(amount: Decimal) -> str:
    """An amount that nobody knows exactly: whole cents, as long as there are any."""
    return dollars(amount) if amount < 1 else limit(amount.quantize(_CENT))


def limit(amount: Decimal) -> str:
    """A limit as a person set it: ``$ 200``, ``$ 0.50``."""
    text = f"{amount:f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if decimals:
        decimals = decimals.ljust(2, "0")
    grouped = f"{int(whole):,d}".replace(",", "\u202f")
    return f"$ {grouped}.{decimals}" if decimals else f"$ {grouped}"


def runs(count: int) -> str:
    return f"{count:,d} {'run' if count == 1 else 'runs'}".replace(",", "\u202f")


def up_to_cents(amount: Decimal) -> Decimal:
    """The next amount in whole cents, for a form to begin with."""
    return amount.quantize(_CENT, rounding=ROUND_UP)
