"""Which mails about money a person wants."""

from typing import Any

from django import forms

from accounts.models import Membership, Mode
from playground.ledger import mails
from playground.ledger.models import Mail

WORDS = {
    Mail.WEEK: "On Monday: what you spent, your runs, which failed and why.",
    Mail.TEAM_WEEK: "On Monday: what the team spent, the largest people and models, what is in doubt.",
    Mail.TEAM_DAY: "Each morning: yesterday's spend, and the head of the ledger that proves it.",
}


class MailChoicesForm(forms.Form):
    wanted = forms.MultipleChoiceField(required=False)

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data)
        self.now = mails.choices(membership)
        offered = [(f"{mail}-{mode}", f"{mail.label}, {mode}") for mail, mode in self.now]
        self.fields["wanted"] = forms.MultipleChoiceField(required=False, choices=offered)

    def chosen(self) -> list[tuple[Mail, str]]:
        pairs = (text.split("-") for text in self.cleaned_data["wanted"])
        return [(Mail(mail), mode) for mail, mode in pairs]

    def rows(self) -> list[tuple[Mail, str, list[tuple[str, str, bool]]]]:
        """(mail, what it says, (mode, name of the box, whether it is wanted now) for each mode)."""
        found = dict.fromkeys(mail for mail, _ in self.now)
        return [
            (mail, WORDS[mail], [(mode, f"{mail}-{mode}", self.now[mail, mode]) for mode in Mode.values])
            for mail in found
        ]
