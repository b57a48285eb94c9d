"""What people post about payloads. Line ends come as CRLF from a form; a text has LF, as it was typed."""

import uuid
from typing import Any

from django import forms

from accounts import access
from accounts.access import Ability
from accounts.models import ApiKey, Membership, User
from playground import figures
from playground.payloads.library import Filter
from playground.payloads.models import Payload, Visibility
from playground.payloads.rows import MOST_CHARACTERS
from playground.payloads.transfer.exporting import Format
from playground.payloads.transfer.records import MOST_BYTES
from playground.payloads.variables import Kind, Variable

VERSIONS = [(1, "v1"), (2, "v2")]
IMPORTED_FOR = [(Visibility.PRIVATE, "Only you"), (Visibility.TEAM, "The whole team")]
CLASHING = [("number", "Give the new ones a number"), ("leave", "Leave the new ones out")]
FORMATS = [(one.value, one.value) for one in Format]
KEY_GONE = "This key is no longer available. Choose another one."


def people_of(membership: Membership) -> list[User]:
    """Whom a payload may be shared with: everybody else of the team who sees content."""
    rows = Membership.objects.filter(team=membership.team_id).exclude(user=membership.user_id)
    readers = [row.user for row in rows.select_related("user") if access.can(row, Ability.SEE_CONTENT)]
    return sorted(readers, key=lambda user: user.label.casefold())


class TextField(forms.CharField):
    """Text that keeps its spaces and is given back with LF."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).replace("\r\n", "\n")


class UuidsField(forms.MultipleChoiceField):
    """Any number of ids, of whatever: whoever uses them looks for what the person may see."""

    def validate(self, value: Any) -> None:
        pass

    def clean(self, value: Any) -> list[uuid.UUID]:
        try:
            return [uuid.UUID(one) for one in super().clean(value)]
        except ValueError:
            raise forms.ValidationError("This could not be read. Reload the page.") from None


class DetailsForm(forms.Form):
    """Everything about a payload but its text."""

    name = forms.CharField(max_length=120, error_messages={"required": "Give it a name."})
    folder = forms.CharField(
        required=False,
        max_length=120,
        help_text="A path, such as portraits/studio.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    tags = forms.CharField(required=False, max_length=900, help_text="Separated by commas.")
    run_tag = forms.CharField(
        required=False,
        max_length=60,
        label="Cost centre",
        help_text="Runs made from it carry this as their tag; spend can be read by it.",
    )
    notes = TextField(
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Markdown.",
    )

    @staticmethod
    def initial_of(payload: Payload) -> dict[str, Any]:
        return {
            "name": payload.name,
            "folder": payload.folder,
            "tags": ", ".join(payload.tags),
            "run_tag": payload.run_tag,
            "notes": payload.notes,
        }

    def clean_tags(self) -> list[str]:
        return [tag for tag in (piece.strip() for piece in self.cleaned_data["tags"].split(",")) if tag]


class CreateForm(DetailsForm):
    """A new payload: its details and the text itself."""

    field_order = ["name", "version", "body", "folder", "tags", "run_tag", "notes"]

    endpoint = forms.CharField(max_length=120, widget=forms.HiddenInput)
    version = forms.TypedChoiceField(choices=VERSIONS, coerce=int, label="API version")
    body = TextField(
        label="JSON",
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "input-mono", "spellcheck": "false"}),
    )
    run = forms.UUIDField(required=False, widget=forms.HiddenInput)
    result = forms.UUIDField(required=False, widget=forms.HiddenInput)
    # The version whose variables it takes along.
    of = forms.UUIDField(required=False, widget=forms.HiddenInput)


class VersionForm(forms.Form):
    """A save from the playground. ``base`` is the number of the version that was opened."""

    body = TextField(required=False)
    version = forms.TypedChoiceField(choices=VERSIONS, coerce=int)
    base = forms.IntegerField(min_value=1)
    message = forms.CharField(required=False, max_length=200)
    result = forms.UUIDField(required=False)


class ShareForm(forms.Form):
    visibility = forms.ChoiceField(choices=Visibility.choices, widget=forms.RadioSelect, label="Who sees it")
    readers = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="People who see it"
    )
    keep_files = forms.BooleanField(
        required=False,
        label="The files in it stay with me",
        help_text="Otherwise they go along: whoever runs it sends them and can see them.",
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(user.id): user for user in people_of(membership)}
        self.fields["readers"].choices = [(key, user.label) for key, user in self._people.items()]  # type: ignore[attr-defined]

    def clean_readers(self) -> list[User]:
        return [self._people[key] for key in self.cleaned_data["readers"]]


class VariableForm(forms.Form):
    """One variable of a declaration; a row without a name is none."""

    name = forms.CharField(
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "input-mono", "autocomplete": "off"}),
    )
    type = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in Kind], initial=Kind.TEXT.value)
    has_default = forms.BooleanField(required=False, label="Has a default")
    default = TextField(required=False, widget=forms.Textarea(attrs={"rows": 1}))
    choices = TextField(
        required=False, widget=forms.Textarea(attrs={"rows": 1}), help_text="For a choice: one in each line."
    )
    description = forms.CharField(required=False, max_length=200)

    @staticmethod
    def initial_of(variable: Variable) -> dict[str, Any]:
        return {
            "name": variable.name,
            "type": variable.kind.value,
            "has_default": variable.default is not None,
            "default": variable.default or "",
            "choices": "\n".join(variable.choices),
            "description": variable.description,
        }

    def variable(self) -> Variable | None:
        data = self.cleaned_data
        name = data.get("name", "").strip().removeprefix("{{").removesuffix("}}").strip()
        if not name:
            return None
        choices = tuple(line for line in data["choices"].split("\n") if line.strip())
        has_default = data["has_default"] or data["default"] != ""
        return Variable(
            name, Kind(data["type"]), data["default"] if has_default else None, choices, data["description"]
        )


class FilterForm(forms.Form):
    q = forms.CharField(required=False, max_length=200)
    folder = forms.CharField(required=False, max_length=120)
    tag = forms.CharField(required=False, max_length=40)
    endpoint = forms.CharField(required=False, max_length=120)
    owner = forms.CharField(required=False, max_length=254)
    favourite = forms.BooleanField(required=False)
    trash = forms.BooleanField(required=False)
    page = forms.IntegerField(required=False, min_value=1)

    def filter(self) -> Filter:
        """What could be read of it; the rest filters nothing."""
        self.is_valid()
        data = {name: value for name, value in self.cleaned_data.items() if value}
        return Filter(
            words=data.get("q", ""),
            folder=data.get("folder", ""),
            tag=data.get("tag", ""),
            endpoint=data.get("endpoint", ""),
            owner=data.get("owner", ""),
            favourite=data.get("favourite", False),
            trash=data.get("trash", False),
        )

    @property
    def page_number(self) -> int:
        return int(self.cleaned_data.get("page") or 1)


class RowsForm(forms.Form):
    """A pasted or uploaded table; the file wins where both are given."""

    table = TextField(required=False, widget=forms.Textarea(attrs={"rows": 8, "class": "input-mono"}))
    file = forms.FileField(required=False, label="or a CSV file")
    version = forms.TypedChoiceField(choices=VERSIONS, coerce=int)
    key = forms.UUIDField(error_messages={"required": "Add a key first, then run.", "invalid": KEY_GONE})
    token = forms.UUIDField()
    base = forms.IntegerField(min_value=1)

    def __init__(self, *args: Any, membership: Membership, mode: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._membership, self._mode = membership, mode

    def clean_key(self) -> ApiKey:
        chosen = ApiKey.objects.filter(id=self.cleaned_data["key"], mode=self._mode).first()
        if chosen is None or not access.may_use_key(self._membership, chosen):
            raise forms.ValidationError(KEY_GONE)
        return chosen

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        upload = data.get("file")
        if upload is not None and upload.size > 4 * MOST_CHARACTERS:
            self.add_error("file", "This file is larger than any table that is taken. Split it into several.")
        elif upload is not None:
            try:
                data["table"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error(
                    "file", "This file is not UTF-8 text. Save it as CSV UTF-8 and choose it again."
                )
        return data


class ImportForm(forms.Form):
    """A file to read. What is in it decides what it is."""

    file = forms.FileField(
        label="File",
        help_text="A Postman collection (v2.0 or v2.1), a JSONL file, or a folder of JSON files as a zip; "
        f"up to {figures.size(MOST_BYTES)}.",
        widget=forms.FileInput(
            attrs={
                "accept": ".json,.jsonl,.ndjson,.zip,application/json,application/zip",
                "data-most-bytes": MOST_BYTES,
                "data-too-large": f"This file is larger than {figures.size(MOST_BYTES)}. Export fewer folders.",
            }
        ),
        error_messages={"required": "Choose a file."},
    )
    into = forms.CharField(
        required=False,
        max_length=60,
        label="Into the folder",
        help_text="Its own folders go below this one.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ImportConfirmForm(forms.Form):
    """The yes to what was shown; ``sealed`` is all of it."""

    sealed = forms.CharField(strip=True)
    visibility = forms.ChoiceField(choices=IMPORTED_FOR)
    clashing = forms.ChoiceField(choices=CLASHING, required=False)


class ExportForm(forms.Form):
    """``ticked`` says that boxes were shown: none ticked means none. ``rest`` is the yes to leaving some out."""

    format = forms.ChoiceField(choices=FORMATS, widget=forms.RadioSelect)
    ticked = forms.BooleanField(required=False)
    rest = forms.BooleanField(required=False)
    only = UuidsField(required=False)

    @property
    def chosen(self) -> list[uuid.UUID] | None:
        """The payloads that were ticked; None for all that the filter finds."""
        data = self.cleaned_data
        return data["only"] if data["ticked"] else None
