"""Template filters for figures. ``{% load atelier %}``."""

from datetime import datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from playground import figures

register = template.Library()


@register.filter
def money(value: Decimal | None) -> str:
    """``0.0400``; a dash for None. The sign and the exact amount on hover are ``cost``'s."""
    return "—" if value is None else figures.money(value)


@register.filter
def cost(value: Decimal | None) -> SafeString:
    """``$ 0.0400`` with the exact amount on hover; a dash where the cost is not known, never a zero."""
    if value is None:
        return format_html('<span class="money money-unknown" title="{}">—</span>', "Not known")
    return format_html(
        '<span class="money" title="$ {}">$ {}</span>', figures.exact(value), figures.money(value)
    )


@register.filter
def size_money(value: Decimal) -> str:
    """``0.0400`` without its sign, which the page writes as a word or a mark of its own."""
    return figures.money(abs(value))


@register.filter
def exact_size(value: Decimal) -> str:
    """Every digit without the sign."""
    return figures.exact(abs(value))


@register.filter
def duration(value: float | Decimal | None) -> str:
    """Seconds in words; a dash for None."""
    return "—" if value is None else figures.duration(value)


@register.filter
def filesize(value: int | None) -> str:
    """Bytes in words; a dash for None."""
    return "—" if value is None else figures.size(value)


@register.filter
def grouped(value: int) -> str:
    """A whole number with its digits in groups of three."""
    return figures.number(value)


@register.simple_tag
def when(value: datetime | None, zone: tzinfo | str, none: str = "—") -> SafeString:
    """A ``<time>`` in the team's zone: the clock for today, the day before it otherwise; all of it on hover."""
    if value is None:
        return format_html('<span class="muted">{}</span>', none)
    place = ZoneInfo(zone) if isinstance(zone, str) else zone
    local = value.astimezone(place)
    return format_html(
        '<time datetime="{}" title="{} {}">{}</time>',
        value.isoformat(timespec="milliseconds"),
        f"{local.day} {local:%b %Y, %H:%M:%S}",
        str(place),
        figures.moment(value, place),
    )


@register.filter
def output_icon(kind: str) -> str:
    """The sprite's name for an output kind."""
    return {"image": "image", "video": "video", "audio": "audio", "text": "text", "json": "code"}.get(
        kind, "file"
    )
