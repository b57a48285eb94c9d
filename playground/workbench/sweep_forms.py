"""What people type about sweeps."""

from typing import Any

from django import forms

from accounts import access
from accounts.models import ApiKey, Membership
from playground.payloads.models import PayloadVersion
from playground.payloads.opening import find_version
from playground.workbench import grid, sweeps
from playground.workbench.forms import KEY_GONE, clean_newlines


class CapsForm(forms.Form):
    """What a sweep may spend, and how fast it goes."""

    cap_usd = forms.DecimalField(
        label="Stop before more than $",
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=4,
        help_text="Spent and held by this sweep together. Empty: only the team's budgets stop it.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    cap_runs = forms.IntegerField(label="and after so many runs", min_value=1, max_value=5000)
    per_minute = forms.IntegerField(
        label="Runs a minute",
        min_value=1,
        max_value=sweeps.FASTEST,
        help_text=f"Of this key, over all its sweeps. At most {sweeps.FASTEST}: below the provider's limit.",
    )


EXAMPLES = (("such as seed", "1..4"), ("such as size", "1K\n2K"), ("such as prompt", "one on each line"))


class SweepForm(CapsForm):
    """The text, up to three fields with their values, key and caps."""

    body = forms.CharField(
        strip=False,
        error_messages={"required": "There is no JSON yet."},
        label="JSON",
        widget=forms.Textarea(attrs={"rows": 10, "class": "input-mono", "spellcheck": "false"}),
    )
    version = forms.TypedChoiceField(choices=[(1, "v1"), (2, "v2")], coerce=int, label="API version")
    key = forms.ChoiceField(error_messages={"required": "Add a key first.", "invalid_choice": KEY_GONE})
    token = forms.UUIDField(widget=forms.HiddenInput)
    payload = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, membership: Membership, keys: list[ApiKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._membership, self._keys = membership, {str(key.id): key for key in keys}
        self.fields["key"].choices = [  # type: ignore[attr-defined]
            (str(key.id), f"{key.label} …{key.last_four}") for key in keys
        ]
        first = {} if self.is_bound else {"autofocus": True}
        for number in range(1, grid.MOST_FIELDS + 1):
            self.fields[f"field_{number}"] = forms.CharField(
                required=False,
                max_length=300,
                label=f"Field {number}",
                widget=forms.TextInput(
                    attrs={
                        "list": "sweep-fields",
                        "placeholder": EXAMPLES[number - 1][0],
                        "class": "input-mono",
                        "autocomplete": "off",
                        "spellcheck": "false",
                        **(first if number == 1 else {}),
                    }
                ),
            )
            self.fields[f"values_{number}"] = forms.CharField(
                required=False,
                max_length=2_000_000,
                label=f"Values {number}",
                widget=forms.Textarea(
                    attrs={
                        "rows": 2,
                        "class": "input-mono",
                        "spellcheck": "false",
                        "placeholder": EXAMPLES[number - 1][1],
                    }
                ),
            )

    def clean_body(self) -> str:
        return clean_newlines(self.cleaned_data["body"])

    def clean_key(self) -> ApiKey:
        key = self._keys[self.cleaned_data["key"]]
        if not access.may_use_key(self._membership, key):
            raise forms.ValidationError(KEY_GONE)
        return key

    def clean_payload(self) -> PayloadVersion | None:
        wanted = self.cleaned_data["payload"]
        return find_version(self._membership, wanted) if wanted else None

    @property
    def axes(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"field_{n}"], self[f"values_{n}"]) for n in range(1, grid.MOST_FIELDS + 1)]

    @property
    def rows(self) -> list[tuple[str, str]]:
        data = self.cleaned_data
        return [(data[f"field_{n}"], data[f"values_{n}"]) for n in range(1, grid.MOST_FIELDS + 1)]


class CellsForm(forms.Form):
    """The cells to run again."""

    cell = forms.TypedMultipleChoiceField()

    def __init__(self, *args: Any, offered: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cell"].choices = [(str(one), "") for one in offered]  # type: ignore[attr-defined]


class PickForm(forms.Form):
    picked = forms.BooleanField(required=False)
