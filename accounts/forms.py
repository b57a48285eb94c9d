import datetime
import zoneinfo
from typing import Any, cast

from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import transaction
from django.http import HttpRequest

from accounts import access, addresses, audit, invitations, keys
from accounts.adapter import invitation_of
from accounts.models import Membership, Role, Team, User


def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Time zones by region, for a select with groups."""
    regions: dict[str, list[tuple[str, str]]] = {"UTC": [("UTC", "UTC")]}
    for name in sorted(zoneinfo.available_timezones()):
        region, slash, _ = name.partition("/")
        if slash and region not in {"Etc", "SystemV", "posix", "right", "US"}:
            regions.setdefault(region, []).append((name, name.replace("_", " ")))
    return list(regions.items())


class SignupForm(AllauthSignupForm):  # type: ignore[misc]
    """The form behind an invitation: its address is fixed, and making the account joins the team."""

    name = forms.CharField(
        max_length=120,
        label="Your name",
        help_text="Teammates see it beside your runs.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("email", "name", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invitation = invitation_of(context.request)
        if invitation is not None:
            self.initial["email"] = invitation.email
            # A disabled field takes its value from here, whatever is posted.
            self.fields["email"].disabled = True

    def validate_unique_email(self, value: str) -> str:
        # Nobody comes here without an invitation to this very address.
        addresses.give_back(value)
        return str(super().validate_unique_email(value))

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        invitation = invitation_of(request)
        if invitation is None:
            raise invitations.InvitationClosed
        user = cast("User", super().save(request))
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
        invitations.accept(invitation=invitation, user=user, request=request)
        return user


class KeyForm(forms.Form):
    """A pasted key. Its text is never rendered back."""

    label = forms.CharField(
        max_length=80,
        help_text="For you to tell your keys apart, such as Studio or Tests.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    text = forms.CharField(
        label="API key",
        max_length=2000,
        help_text="SG_ and 16 hexadecimal digits, from platform.segmind.com/api-keys.",
        widget=forms.PasswordInput(
            render_value=False,
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "autocapitalize": "off",
                "class": "input-mono",
            },
        ),
    )

    def clean_text(self) -> str:
        try:
            clean, _ = keys.check_format(self.cleaned_data["text"])
        except keys.KeyProblem as problem:
            raise forms.ValidationError(str(problem)) from problem
        return clean


class KeyTextForm(KeyForm):
    """A new text for a key that has its label already."""

    label = None  # type: ignore[assignment]

    def __init__(self, *args: Any, mode: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mode = mode
        self.fields["text"].label = "New API key"

    def clean_text(self) -> str:
        clean = super().clean_text()
        if keys.mode_of(clean) != self.mode:
            raise forms.ValidationError(str(keys.OtherMode(self.mode)))
        return clean


class LendForm(forms.Form):
    lent = forms.BooleanField(required=False)


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Team
        fields = ("name", "time_zone")
        labels = {"time_zone": "Time zone"}
        help_texts = {"time_zone": "Days, date filters and charts of this team begin and end in this zone."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].widget = forms.Select(choices=zone_choices())


class TeamSettingsForm(TeamForm):
    class Meta(TeamForm.Meta):
        fields = ("name", "time_zone", "own_runs_only", "keep_files_days", "keep_text_days")  # type: ignore[assignment]
        labels = {
            "time_zone": "Time zone",
            "own_runs_only": "Members see only their own runs",
            "keep_files_days": "Keep files for (days)",
            "keep_text_days": "Keep requests and responses for (days)",
        }
        help_texts = {
            "time_zone": "Days, budgets, date filters and charts of this team begin and end in this zone. "
            "Once the team has run something, another zone takes effect with the next month.",
            "own_runs_only": "Owners and admins still see all; looking into somebody's run is recorded.",
            "keep_files_days": "Empty keeps them for ever. Status, billing and cost of a run always stay.",
            "keep_text_days": "Empty keeps them for ever.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["time_zone"] = self.instance.next_time_zone or self.instance.time_zone
        for name in ("keep_files_days", "keep_text_days"):
            self.fields[name] = forms.IntegerField(
                min_value=1,
                max_value=36500,
                required=False,
                label=self.fields[name].label,
                help_text=self.fields[name].help_text,
            )


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = access.grantable_roles(membership)
        self.fields["role"] = forms.ChoiceField(
            choices=[(role.value, role.label) for role in roles], initial=Role.MEMBER.value
        )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("name",)
        help_texts = {"name": "Teammates see it beside your runs. Empty shows your e-mail address."}


class DayField(forms.DateField):
    """A day of a filter. Days at the ends of the calendar have no moment in every zone."""

    default_validators = [
        MinValueValidator(datetime.date(1970, 1, 1), "Choose a day from 1970 on."),
        MaxValueValidator(datetime.date(9998, 12, 31), "Choose an earlier day."),
    ]


class AuditFilterForm(forms.Form):
    """The filter in the address of the activity page. Dates are days in the team's zone, both included."""

    person = forms.ChoiceField(required=False)
    group = forms.ChoiceField(
        required=False, label="What", choices=[("", "Everything"), *audit.GROUPS.items()]
    )
    since = DayField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = DayField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        people = audit.people(team)
        self.fields["person"] = forms.ChoiceField(
            required=False, choices=[("", "Everybody"), *((label, label) for label in people)]
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "This day is before the first one.")
        return cleaned

    def moments(self) -> tuple[datetime.datetime | None, datetime.datetime | None]:
        """The two days as moments: from the first one's midnight to the midnight after the last one."""
        zone, cleaned = self.team.zone, self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        midnight = datetime.time()
        first = datetime.datetime.combine(since, midnight, zone) if since else None
        # Adding the day before attaching the zone keeps a day with a clock change whole.
        after = (
            datetime.datetime.combine(until + datetime.timedelta(days=1), midnight, zone) if until else None
        )
        return first, after
