"""What people say about alerts."""

from django import forms

from playground.ledger import outgoing
from playground.ledger.outgoing import NotPosted


class ReadForm(forms.Form):
    """Up to which alert everything is read: the newest that the page showed."""

    up_to = forms.DateTimeField()


class WebhookForm(forms.Form):
    """The address of a webhook. It is never rendered back."""

    url = forms.CharField(
        label="Webhook address",
        max_length=outgoing.LONGEST,
        help_text="An https address of Slack, or of what takes the same messages, such as Mattermost. "
        "It is stored encrypted and never shown again.",
        widget=forms.PasswordInput(
            render_value=False,
            attrs={"autocomplete": "off", "spellcheck": "false", "class": "input-mono"},
        ),
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            outgoing.checked(url)
        except NotPosted as problem:
            raise forms.ValidationError(str(problem)) from problem
        return url
