"""Addresses of the history: pages, periods, filters taken away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.http import QueryDict

from accounts.models import Team
from playground.ledger import days
from playground.runs.forms import HistoryFilterForm
from playground.runs.history import Page

_CURSORS = ("before", "after")


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    current: bool = False


def changed(query: QueryDict, **values: str | None) -> str:
    """The query with other values, from the first page; None takes one away. ``from_`` and ``to`` are the days."""
    new = query.copy()
    for name in _CURSORS:
        new.pop(name, None)
    for name, value in values.items():
        new.pop(name.rstrip("_"), None)
        if value:
            new[name.rstrip("_")] = value
    for name in [name for name in new if not new[name]]:
        del new[name]
    return f"?{new.urlencode()}" if new else "?"


def needs_url(query: QueryDict) -> str:
    return changed(query, needs="person")


def links(query: QueryDict, form: HistoryFilterForm, page: Page, *, team: Team) -> dict[str, Any]:
    """Everything on the list that leads to the list again."""
    first = changed(query)
    joint = first if first == "?" else f"{first}&"
    return {
        "first_url": first,
        "newer_url": f"{joint}after={page.newer}" if page.newer else "",
        "older_url": f"{joint}before={page.older}" if page.older else "",
        "query": first.removeprefix("?"),
        "periods": _periods(query, days.today(team)),
        "active": _active(query, form),
        "needs_url": needs_url(query),
        "is_filtered": first != "?",
    }


def _periods(query: QueryDict, day: date) -> list[Link]:
    chosen = (query.get("from", ""), query.get("to", ""))
    spans = [("Any time", None), ("Today", 0), ("7 days", 6), ("31 days", 30)]
    made = []
    for label, back in spans:
        since = "" if back is None else (day - timedelta(days=back)).isoformat()
        made.append(Link(label, changed(query, from_=since, to=None), chosen == (since, "")))
    return made


def _active(query: QueryDict, form: HistoryFilterForm) -> list[Link]:
    """A chip for each filter that holds; its address is the page without it."""
    chips = []
    for name, value in form.cleaned_data.items():
        if value in (None, "") or name not in form.fields:
            continue
        field = form.fields[name]
        shown = _shown(field, value)
        parameter = form.add_prefix(name)
        label = "needs a person" if name == "needs" else f"{field.label}: {shown}"
        chips.append(Link(label, changed(query, **{f"{parameter}_": None})))
    return chips


def _shown(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ChoiceField):
        offered = cast(Iterable[tuple[str, str]], field.choices)
        return str(dict(offered).get(value, value))
    return f"{value.day} {value:%b %Y}" if isinstance(value, date) else str(value)
