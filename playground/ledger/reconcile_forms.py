"""What people say about an account's balance."""

from datetime import datetime

from django import forms
from django.utils.dateparse import parse_datetime

from accounts.forms import DayField
from playground.ledger.models import StepKind


class StepNameForm(forms.Form):
    """A word for one step, which is known by the moment at which it was seen."""

    at = forms.CharField(widget=forms.HiddenInput, max_length=40)
    kind = forms.ChoiceField(
        label="What it was",
        choices=StepKind.choices,
        error_messages={"required": "Say what it was."},
    )
    note = forms.CharField(
        label="How you know",
        max_length=300,
        help_text="Shown beside the step, with your name.",
        error_messages={"required": "Say how you know, for whoever reads this later."},
    )

    def clean_at(self) -> datetime:
        try:
            moment = parse_datetime(self.cleaned_data["at"])
            if moment is None or moment.tzinfo is None:
                raise ValueError
            DayField().run_validators(moment.date())
        except (ValueError, forms.ValidationError):
            raise forms.ValidationError("This page was too old. Reload it.") from None
        return moment


class PairForm(forms.Form):
    together = forms.TypedChoiceField(
        choices=[("yes", "Together"), ("no", "Apart")], coerce=lambda value: value == "yes"
    )
