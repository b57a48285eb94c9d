"""The filter of the ledger's page."""

from typing import Any

from django import forms

from accounts.forms import DayField
from playground.ledger.models import Kind


class EntryFilterForm(forms.Form):
    """The filter in the address. Days are the entries' own, both included."""

    run = forms.UUIDField(
        required=False,
        label="Run",
        widget=forms.TextInput(attrs={"placeholder": "Run id", "class": "input-mono", "spellcheck": "false"}),
        error_messages={"invalid": "This is not the id of a run. It stands at the end of the run's address."},
    )
    kind = forms.ChoiceField(required=False, label="Kind", choices=[("", "Every kind"), *Kind.choices])
    since = DayField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = DayField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "This day is before the first one.")
        return cleaned
