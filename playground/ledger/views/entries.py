"""The ledger's page: its entries, its seal, and what checking it found."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import checks, entry_page, pace, sealing, verify
from playground.ledger.entry_forms import EntryFilterForm
from playground.ledger.entry_page import Cursor
from playground.ledger.models import LedgerCheck


@require_safe
@never_cache
def entry_list(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_BOOKS)
    form = EntryFilterForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else None
    context = {
        "team": membership.team,
        "mode": mode,
        "zone": membership.team.zone,
        "form": form,
        "filtered": any(request.GET.get(name) for name in form.fields),
        **_chain(membership, mode),
        **(_page(request, membership, mode, chosen) if chosen is not None else {}),
    }
    return render(request, "ledger/entry_list.html", context)


def _page(request: HttpRequest, membership: Membership, mode: str, chosen: dict[str, Any]) -> dict[str, Any]:
    page = entry_page.page(
        entry_page.select(team_id=membership.team_id, mode=mode, chosen=chosen),
        before=Cursor.read(request.GET.get("before", "")),
        after=Cursor.read(request.GET.get("after", "")),
    )
    seen = entry_page.balances_seen(membership, page.entries)
    return {
        "rows": [
            (entry, entry_page.evidence(entry, sees_balance=entry.key_id in seen)) for entry in page.entries
        ],
        "newer_url": _url(request.GET, "after", page.newer),
        "older_url": _url(request.GET, "before", page.older),
    }


def _url(query: QueryDict, name: str, place: Cursor | None) -> str:
    if place is None:
        return ""
    copy = query.copy()
    copy.pop("before", None)
    copy.pop("after", None)
    copy[name] = str(place)
    return f"?{copy.urlencode()}"


def _chain(membership: Membership, mode: str) -> dict[str, Any]:
    kinds = LedgerCheck.Kind
    chain, block = checks.newest(kinds.CHAIN), checks.newest(kinds.BLOCK)
    sums = checks.newest(kinds.SUMS, team_id=membership.team_id, mode=mode)
    return {
        "head": sealing.head(),
        "chain": chain,
        "newest_block": block,
        "sums": sums,
        "faults": [check for check in (chain, block, sums) if check is not None and not check.agrees],
    }


@require_POST
def chain_verify(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """Recompute the newest block only: the whole chain is the command's and the night's."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_BOOKS)
    if pace.is_too_soon("verify", membership.team_id):
        messages.info(request, "It was checked a moment ago. Try again in ten seconds.")
        return redirect("ledger:entry_list", team, mode)
    walk = verify.verify_newest()
    checks.note(kind=LedgerCheck.Kind.BLOCK, summary=walk.words, agrees=walk.fault is None)
    if walk.fault is None:
        messages.success(request, walk.words)
    else:
        messages.error(request, walk.words)
    return redirect("ledger:entry_list", team, mode)
