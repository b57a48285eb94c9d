from django import forms

from accounts import access
from accounts.models import ApiKey, Membership
from playground.payloads.models import PayloadVersion
from playground.payloads.opening import find_version
from playground.workbench.filling import PREFIX

KEY_GONE = "This key is no longer available. Choose another one."


def clean_newlines(text: str) -> str:
    """A form sends every line end as CRLF; the text a person typed has LF."""
    return text.replace("\r\n", "\n")


class RunForm(forms.Form):
    """One click on Run. The body's own rules are checked where runs are made."""

    body = forms.CharField(strip=False, required=False)
    version = forms.TypedChoiceField(choices=[(1, "v1"), (2, "v2")], coerce=int)
    key = forms.UUIDField(error_messages={"required": "Add a key first, then run.", "invalid": KEY_GONE})
    token = forms.UUIDField()
    payload = forms.UUIDField(required=False)

    def __init__(self, *args: object, membership: Membership, mode: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._membership, self._mode = membership, mode

    @property
    def variables(self) -> list[tuple[str, str]]:
        """What was typed for the opened payload's variables, by name."""
        typed = [name for name in self.data if name.startswith(PREFIX)]
        return [(name.removeprefix(PREFIX), clean_newlines(self.data[name])) for name in typed]

    def clean_body(self) -> str:
        return clean_newlines(self.cleaned_data["body"])

    def clean_payload(self) -> PayloadVersion | None:
        wanted = self.cleaned_data["payload"]
        if wanted is None:
            return None
        version = find_version(self._membership, wanted)
        if version is None:
            raise forms.ValidationError(
                "The payload that was opened here is gone. Reload the page and run again."
            )
        return version

    def clean_key(self) -> ApiKey:
        chosen = ApiKey.objects.filter(id=self.cleaned_data["key"], mode=self._mode).first()
        if chosen is None or not access.may_use_key(self._membership, chosen):
            raise forms.ValidationError(KEY_GONE)
        return chosen


class DraftForm(forms.Form):
    body = forms.CharField(strip=False, required=False)
    version = forms.TypedChoiceField(
        choices=[(1, "v1"), (2, "v2")], coerce=int, required=False, empty_value=None
    )
    base = forms.IntegerField(min_value=0)
    payload = forms.UUIDField(required=False)

    def clean_body(self) -> str:
        return clean_newlines(self.cleaned_data["body"])


class PastedForm(forms.Form):
    """A command or program as it was pasted."""

    command = forms.CharField(
        strip=False,
        error_messages={"required": "Paste a command or a program first."},
    )

    def clean_command(self) -> str:
        return clean_newlines(self.cleaned_data["command"])


class BroughtForm(forms.Form):
    """A text taken from what was pasted, to be opened in the editor."""

    body = forms.CharField(strip=False)
    version = forms.TypedChoiceField(choices=[(1, "v1"), (2, "v2")], coerce=int)

    def clean_body(self) -> str:
        return clean_newlines(self.cleaned_data["body"])


class LeavingForm(forms.Form):
    """Who takes over what somebody shared; empty for whoever is the usual choice."""

    heir = forms.CharField(required=False)

    def __init__(self, *args: object, heirs: list[Membership], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._heirs = {str(heir.id): heir for heir in heirs}

    def clean_heir(self) -> Membership | None:
        chosen = self.cleaned_data["heir"]
        if chosen and chosen not in self._heirs:
            raise forms.ValidationError("Choose somebody of this team.")
        return self._heirs.get(chosen)


class UploadForm(forms.Form):
    how = forms.ChoiceField(choices=[("base64", "base64"), ("data-uri", "data URI"), ("upload", "upload")])
    file = forms.FileField(allow_empty_file=True)


class HowForm(forms.Form):
    how = forms.ChoiceField(choices=[("base64", "base64"), ("data-uri", "data URI"), ("upload", "upload")])
