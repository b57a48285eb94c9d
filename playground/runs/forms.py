"""What people type about runs: the filter of the history, the settling of a doubt, the erasing of content."""

import re
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django import forms

from accounts.forms import DayField
from accounts.models import Membership, Team
from playground.ledger import days
from playground.runs import choices
from playground.runs.history import Filter
from playground.runs.models import Billing, Source, State

# The names of fields in the address, where they differ.
_PARAMETERS = {"since": "from", "until": "to"}


class _Day(forms.DateInput):
    input_type = "date"


class HistoryFilterForm(forms.Form):
    """The filter in the address. A value that makes no sense gets a message at its field and filters nothing."""

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
    person = forms.ChoiceField(required=False, label="Person")
    endpoint = forms.ChoiceField(required=False, label="Model")
    key = forms.ChoiceField(required=False, label="Key")
    billing = forms.ChoiceField(
        required=False, label="Billed", choices=[("", "Billed or not"), *Billing.choices]
    )
    needs = forms.ChoiceField(
        required=False, label="Needs", choices=[("", ""), ("person", "a person")], widget=forms.HiddenInput
    )
    state = forms.ChoiceField(required=False, label="State", choices=[("", "Any state"), *State.choices])
    status = forms.IntegerField(
        required=False,
        label="Status code",
        min_value=100,
        max_value=599,
        error_messages={
            "min_value": "A status code is between 100 and 599.",
            "max_value": "A status code is between 100 and 599.",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "such as 406"}),
    )
    source = forms.ChoiceField(required=False, label="Source", choices=[("", "Any source"), *Source.choices])
    tag = forms.CharField(required=False, max_length=60, label="Tag")
    since = DayField(required=False, label="From", widget=_Day)
    until = DayField(required=False, label="To", widget=_Day)

    def __init__(self, data: Any, *, membership: Membership, mode: str) -> None:
        super().__init__(data)
        self._team = membership.team
        self._offer(membership, mode, "person", "Anybody", choices.people(membership))
        self._offer(membership, mode, "endpoint", "Any model", choices.endpoints(membership, mode))
        self._offer(membership, mode, "key", "Any key", choices.keys(membership, mode))

    def _offer(
        self, membership: Membership, mode: str, name: str, first: str, found: choices.Choices
    ) -> None:
        """Offer ``found``, and the value in the address where runs know it: a person who left, say."""
        current = (self.data.get(name) or "").strip()
        if current and current not in {value for value, _ in found}:
            label = choices.label_of(membership, mode, name, current)
            found = [*found, (current, label)] if label else found
        field = cast(forms.ChoiceField, self.fields[name])
        field.choices = [("", first), *found]
        field.error_messages["invalid_choice"] = f"No run here has this {str(field.label).lower()}."

    def add_prefix(self, field_name: str) -> str:
        return _PARAMETERS.get(field_name, field_name)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day is before the first one.")
        return data

    def selected(self) -> Filter:
        """The filter made of the fields that hold, days as moments of the team's zone."""
        self.is_valid()
        data = self.cleaned_data
        return Filter(
            words=(data.get("q") or "").strip(),
            person=_uuid(data.get("person")),
            endpoint=data.get("endpoint") or "",
            key=_uuid(data.get("key")),
            billing=data.get("billing") or "",
            needs_person=data.get("needs") == "person",
            state=data.get("state") or "",
            status=data.get("status"),
            source=data.get("source") or "",
            tag=(data.get("tag") or "").strip(),
            start=_start(self._team, data.get("since")),
            end=_start(self._team, _after(data.get("until"))),
        )


def _uuid(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None


def _after(day: date | None) -> date | None:
    return day + timedelta(days=1) if day and day < date.max else None


def _start(team: Team, day: date | None) -> datetime | None:
    """The first moment of ``day``, as the ledger counts the team's days; None for None."""
    return days.start_of(team, day) if day else None


class SettleForm(forms.Form):
    """What a person found out about a run that nothing proves."""

    billed = forms.ChoiceField(
        label="Was it billed",
        choices=[("yes", "Yes, it was billed"), ("no", "No, it was not billed")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it was billed."},
    )
    cost = forms.CharField(
        required=False,
        label="Cost in $",
        max_length=24,
        help_text="Needed if it was billed: as the provider's history shows it, with all its digits.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "input-mono", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label="How you know",
        max_length=300,
        help_text="Shown as evidence beside the run.",
        error_messages={"required": "Say how you know, for whoever reads this later."},
    )

    def clean_cost(self) -> Decimal | None:
        text: str = self.cleaned_data["cost"].strip().lstrip("$").strip()
        return self.amount(text) if text else None

    @staticmethod
    def amount(text: str) -> Decimal:
        if not re.fullmatch(r"\d{1,9}(\.\d{1,10})?", text, re.ASCII):
            raise forms.ValidationError("Write the amount with digits and a point, such as 0.0400.")
        return Decimal(text)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("billed") == "yes" and data.get("cost") is None and "cost" not in self.errors:
            self.add_error("cost", "What did it cost?")
        if data.get("billed") == "no":
            data["cost"] = None
            self.errors.pop("cost", None)
        return data

    @property
    def is_billed(self) -> bool:
        return bool(self.cleaned_data["billed"] == "yes")


class AgainForm(forms.Form):
    token = forms.UUIDField(widget=forms.HiddenInput)


class EraseForm(forms.Form):
    confirm = forms.BooleanField(widget=forms.HiddenInput)
