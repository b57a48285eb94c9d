from typing import Any, cast

from django import forms

from playground.catalogue.models import Endpoint, Output
from playground.catalogue.own import Values


class SearchForm(forms.Form):
    """What the address of the browser holds. Nothing in it is refused: an odd value counts as none."""

    q = forms.CharField(required=False, max_length=200)
    category = forms.CharField(required=False, max_length=60)
    start = forms.IntegerField(required=False, min_value=0, max_value=100_000)

    def search(self) -> tuple[str, str, int]:
        """(text, category, first row)"""
        self.full_clean()
        cleaned = self.cleaned_data
        return cleaned.get("q", ""), cleaned.get("category", ""), cleaned.get("start") or 0


class CodeForm(forms.Form):
    """A payload to be shown as code: its exact text, and the way it would be sent."""

    body = forms.CharField(required=False, strip=False)
    version = forms.TypedChoiceField(choices=[("1", "v1"), ("2", "v2")], coerce=int, required=False)

    def clean_body(self) -> str:
        # A form sends line ends as CRLF whatever the editor held.
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")


class OwnEndpointForm(forms.Form):
    """The values of a team's own endpoint; ``own.py`` checks what needs more than a look at one field."""

    title = forms.CharField(
        max_length=120, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    slug = forms.CharField(
        max_length=100,
        help_text="The last part of its address, /v1/slug and /v2/slug.",
        widget=forms.TextInput(attrs={"class": "input-mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    output = forms.ChoiceField(choices=Output.choices, label="Returns", initial=Output.IMAGE)
    avg_latency_s = forms.DecimalField(
        required=False,
        min_value=0,
        max_value=100_000,
        decimal_places=3,
        label="Usual time in seconds",
        help_text="Decides whether v1 or v2 is preset. Without it, v2.",
    )
    schema_text = forms.CharField(
        required=False,
        strip=False,
        label="JSON Schema",
        help_text="Draft 2020-12, of the request body. The form shows its properties in this order.",
        widget=forms.Textarea(attrs={"class": "input-mono", "rows": 10, "spellcheck": "false"}),
    )
    sample_text = forms.CharField(
        required=False,
        strip=False,
        label="Sample payload",
        help_text="What the editor holds at first. Left empty, it is made from the schema.",
        widget=forms.Textarea(attrs={"class": "input-mono", "rows": 6, "spellcheck": "false"}),
    )
    notes = forms.CharField(
        required=False,
        help_text="For your teammates: what it is for, what to mind.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @classmethod
    def of(cls, endpoint: Endpoint, data: Any = None) -> "OwnEndpointForm":
        return cls(data, initial={name: getattr(endpoint, name) for name in cls.base_fields})

    def values(self) -> Values:
        return cast(Values, self.cleaned_data)
