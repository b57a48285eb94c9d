"""What people post about links for people outside."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from playground.payloads.models import OutsideLink, PayloadVersion
from playground.payloads.outside import SHORTEST_PASSWORD, Terms
from playground.runs.models import Output

LIVES = [("1", "1 day"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days")]
KEEP = ("keep", "As it is")


class LinkForm(forms.Form):
    """How a link is held and what it shows beside the text."""

    label = forms.CharField(
        required=False, max_length=80, label="For whom", help_text="Only your team sees this."
    )
    days = forms.ChoiceField(choices=LIVES, initial="7", label="Ends after")
    password = forms.CharField(
        required=False,
        max_length=128,
        min_length=SHORTEST_PASSWORD,
        strip=False,
        help_text=f"At least {SHORTEST_PASSWORD} characters. Tell it by another way than the link.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    results = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    with_cost = forms.BooleanField(required=False, label="Show what a run costs on average")

    def __init__(self, *args: Any, offered: Sequence[Output], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offered = {str(output.id): output for output in offered}
        self.fields["results"].choices = [(key, key) for key in self._offered]  # type: ignore[attr-defined]

    def clean_results(self) -> list[Output]:
        return [self._offered[key] for key in self.cleaned_data["results"]]

    def shows(self) -> dict[str, Any]:
        return {"results": self.cleaned_data["results"], "with_cost": self.cleaned_data["with_cost"]}

    def terms(self) -> Terms:
        data = self.cleaned_data
        return Terms(
            expires_at=timezone.now() + timedelta(days=int(data["days"])),
            label=data["label"],
            password=data["password"],
        )


class ChangeLinkForm(LinkForm):
    """Everything that is left as it is stays: the end, the password, the version."""

    field_order = ["label", "version", "days", "password", "no_password", "results", "with_cost"]

    version = forms.ChoiceField(label="Shows")
    no_password = forms.BooleanField(required=False, label="Without a password")

    def __init__(
        self, *args: Any, link: OutsideLink, versions: Sequence[PayloadVersion], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._link = link
        self.fields["days"] = forms.ChoiceField(choices=[KEEP, *LIVES], initial="keep", label="Ends after")
        self.fields["version"].choices = [(str(one.number), f"version {one.number}") for one in versions]  # type: ignore[attr-defined]
        if link.password:
            self.fields["password"].help_text = "Empty keeps the one it has."

    @staticmethod
    def initial_of(link: OutsideLink) -> dict[str, Any]:
        return {
            "label": link.label,
            "days": "keep",
            "version": str(link.version.number),
            "results": [str(key) for key in link.results.values_list("output", flat=True)],
            "with_cost": link.cost is not None,
        }

    def terms(self) -> Terms:
        data = self.cleaned_data
        days = data["days"]
        password = "" if data["no_password"] else data["password"] or None
        return Terms(
            expires_at=self._link.expires_at
            if days == "keep"
            else timezone.now() + timedelta(days=int(days)),
            label=data["label"],
            password=password,
        )
