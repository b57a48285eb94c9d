"""A person chooses which mails about money they get."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access
from playground.ledger import mails
from playground.ledger.mail_forms import MailChoicesForm


@require_http_methods(["GET", "POST"])
def mail_choices(request: HttpRequest, team: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    form = MailChoicesForm(request.POST if request.method == "POST" else None, membership=membership)
    if request.method == "POST" and form.is_valid():
        mails.choose(membership=membership, wanted=form.chosen())
        messages.success(request, "Your choice is saved.")
        return redirect("ledger:mail_choices", team)
    context = {"membership": membership, "form": form, "rows": form.rows()}
    return render(request, "ledger/mail_choices.html", context)
