"""Many runs in doubt, settled with one form."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms

from playground.runs.doubts import Doubt
from playground.runs.forms import SettleForm
from playground.runs.models import Run


class DoubtsForm(SettleForm):
    """Which runs, whether they were billed, and what each cost: its own amount, else the one for all."""

    run = forms.TypedMultipleChoiceField(
        coerce=UUID,
        error_messages={
            "required": "Tick at least one run.",
            "invalid_choice": "A run is no longer here. Reload the page.",
        },
    )
    field_order = ("billed", "cost", "reason")

    def __init__(self, data: Any = None, *, runs: Sequence[Run]) -> None:
        super().__init__(data)
        offered = cast(forms.TypedMultipleChoiceField, self.fields["run"])
        offered.choices = [(str(run.id), str(run)) for run in runs]
        self.fields["cost"].label = "Cost of each in $"
        self.fields["cost"].help_text = "For every ticked run without an amount of its own."
        self.amounts: dict[UUID, Decimal] = {}

    def typed(self, doubt: Doubt) -> str:
        """The amount beside a run: as it was typed, else what the hints say."""
        return str(self.data.get(f"cost_{doubt.run.id}", "")) if self.is_bound else doubt.typed

    @property
    def ticked(self) -> set[UUID]:
        """What stays ticked when the form is shown once more."""
        self.is_valid()
        return set(self.cleaned_data.get("run") or ()) if self.is_bound else set()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = forms.Form.clean(self) or {}
        if data.get("billed") == "no":
            data["cost"] = None
            self.errors.pop("cost", None)
            return data
        common = data.get("cost")
        for run_id in data.get("run") or ():
            text = self.data.get(f"cost_{run_id}", "").strip().lstrip("$").strip()
            try:
                cost = self.amount(text) if text else common
            except forms.ValidationError as problem:
                self.add_error("cost", problem)
                continue
            if cost is not None:
                self.amounts[run_id] = cost
        return data
