"""Amounts in sentences: mails, alerts and refusals have no template that could format them."""

from decimal import ROUND_UP, Decimal

from playground import figures

_CENT = Decimal("0.01")


def dollars(amount: Decimal) -> str:
    """``$ 0.0400``: at least four decimals and two significant digits, so that no amount reads as zero."""
    return f"$ {figures.money(amount)}"


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
    grouped = figures.number(int(whole))
    return f"$ {grouped}.{decimals}" if decimals else f"$ {grouped}"


def runs(count: int) -> str:
    return f"{figures.number(count)} {'run' if count == 1 else 'runs'}"


def up_to_cents(amount: Decimal) -> Decimal:
    """The next amount in whole cents, for a form to begin with."""
    return amount.quantize(_CENT, rounding=ROUND_UP)
