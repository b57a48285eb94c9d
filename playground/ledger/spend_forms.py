"""What the address of a spend page says: which days, which cut, which two cuts crossed."""

from datetime import date
from typing import Any

from django import forms

from accounts.forms import DayField
from playground.ledger import periods
from playground.ledger.periods import Kind, Period


class _Day(forms.DateInput):
    input_type = "date"


class PeriodForm(forms.Form):
    """A period in the address. What makes no sense gets a message, and the current month stands in for it."""

    period = forms.ChoiceField(required=False, choices=[(kind.value, kind.value) for kind in Kind])
    on = forms.CharField(required=False, max_length=10)
    since = DayField(required=False, label="From", widget=_Day)
    until = DayField(required=False, label="To", widget=_Day)

    def add_prefix(self, field_name: str) -> str:
        return {"since": "from", "until": "to"}.get(field_name, field_name)

    def clean_on(self) -> date | None:
        text: str = self.cleaned_data["on"]
        if not text:
            return None
        try:
            day = date.fromisoformat(f"{text}-01" if len(text) == 7 else text)
        except ValueError:
            raise forms.ValidationError("This is not a day. An example is 2026-11.") from None
        DayField().run_validators(day)
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("period") == Kind.CUSTOM and not self.errors:
            since, until = data.get("since"), data.get("until")
            if since is None or until is None:
                self.add_error("until", "Choose the first and the last day.")
            elif since > until:
                self.add_error("until", "The last day is before the first one.")
        return data

    def chosen(self, today: date) -> Period:
        if not self.is_valid():
            return periods.around(Kind.MONTH, today)
        data = self.cleaned_data
        kind = Kind(data["period"] or Kind.MONTH)
        if kind == Kind.CUSTOM:
            return Period(kind, data["since"], data["until"])
        return periods.around(kind, data["on"] or today)

    @property
    def problem(self) -> str:
        """The first thing that is wrong, in words."""
        return next((str(errors[0]) for errors in self.errors.values()), "")


class CloseForm(forms.Form):
    month = DayField(widget=forms.HiddenInput)
