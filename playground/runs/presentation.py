"""How a run and its result are shown, decided once for the playground, the history and the detail page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts import access
from accounts.access import Ability
from accounts.models import Membership, Team
from playground import figures
from playground.ledger import outliers
from playground.ledger.models import Entry
from playground.runs import estimates, evidence, prose
from playground.runs.models import OPEN_STATES, Billing, File, Output, Run, RunText, State
from playground.segmind import errors, reply
from playground.segmind.billing import parse_money

KEPT_BY_PROVIDER = timedelta(days=7)
_BALANCE_MEMBER = re.compile(r'("remaining_credits"\s*:\s*)("[^"]*"|[^,}\]\s]+)')
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_BALANCE_HEADER = "x-remaining-credits"
HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class ShownFile:
    """One output: our copy of it, or why there is none. ``url`` is empty unless the bytes are here."""

    output: Output
    file: File | None
    kind: str
    name: str
    url: str
    thumbnail_url: str
    can_retry: bool
    days_left: int | None

    @property
    def pixels(self) -> str:
        if self.file is None or not self.file.width or not self.file.height:
            return ""
        return f"{self.file.width} × {self.file.height}"


@dataclass(frozen=True, slots=True)
class Progress:
    """What an unfinished run is doing, for the person who waits."""

    step: int  # 0 queued, 1 sending, 2 running
    headline: str
    note: str
    since: datetime
    usual: str
    slow: bool
    slow_at: datetime | None = None  # when it becomes slower than usual, while it is under way


@dataclass(frozen=True)
class Shown:
    """Everything the fragments of one run need. Built by ``shown_run``; holds nothing the membership may not see."""

    run: Run
    team: Team
    sees_content: bool
    sees_balance: bool
    is_own: bool
    text: RunText | None
    files: Sequence[ShownFile] = field(default=())
    progress: Progress | None = None

    @property
    def is_open(self) -> bool:
        return self.run.state in OPEN_STATES

    @cached_property
    def copying(self) -> bool:
        return any(file.output.state == Output.State.COPYING for file in self.files)

    @property
    def pinnable_seed(self) -> str:
        return pinnable_seed(self.run)

    @property
    def is_live(self) -> bool:
        """Whether something about it may still change without anybody's click."""
        return self.is_open or self.copying

    @property
    def pill(self) -> str:
        """``200 · billed``, ``406 · not billed``, ``running · pending``."""
        billing = self.run.get_billing_display().lower()
        if self.is_open:
            doing = {State.QUEUED: "queued", State.SENDING: "sending"}.get(State(self.run.state), "running")
            return f"{doing} · {billing}"
        if self.run.status is None:
            return (
                f"{self.run.get_state_display().lower()} · {billing}"
                if self.run.state != State.UNKNOWN
                else billing
            )
        return f"{self.run.status} · {billing}"

    @property
    def pill_class(self) -> str:
        return {
            Billing.BILLED.value: "pill-billed",
            Billing.NOT_BILLED.value: "pill-free",
            Billing.PENDING.value: "pill-pending",
        }.get(self.run.billing, "pill-unknown")

    @property
    def balance(self) -> str:
        """The balance after this run, without its sign; empty for those who may not see the key's balance."""
        text = str(self.run.evidence.get("balance_text") or "") if self.sees_balance else ""
        amount = parse_money(text)
        return text if amount is None else figures.money(amount)

    @property
    def erased(self) -> bool:
        return self.text is not None and self.text.erased_at is not None

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        if self.text is None or not self.sees_content:
            return []
        return [
            (name, value if self.sees_balance or name.lower() != _BALANCE_HEADER else HIDDEN)
            for name, value in self.text.response_headers
        ]

    @cached_property
    def explanation(self) -> errors.Explanation | None:
        """Cause and fix of what went wrong, None when nothing did. Its words fit what the membership may see."""
        return explain(self.run, self.text, sees_content=self.sees_content, sees_balance=self.sees_balance)

    @cached_property
    def response_text(self) -> str:
        """The answer's text, a balance in it replaced for those who may not see it."""
        if self.text is None or not self.sees_content:
            return ""
        return seen_text(self.run, self.text, sees_balance=self.sees_balance)

    @cached_property
    def words(self) -> str:
        """What a language model said, as it wrote it; empty when the answer is no such thing."""
        if self.run.output_kind not in ("json", "text") or self.run.state != State.SUCCEEDED:
            return ""
        text = self.response_text
        return text if self.run.output_kind == "text" else reply.llm_text(reply.parse_json(text.encode()))

    @cached_property
    def prose(self) -> SafeString:
        """The same words as safe HTML."""
        return prose.to_html(self.words) if self.words else SafeString()

    @property
    def shows_json(self) -> bool:
        return self.run.output_kind != "text" and self.response_text.lstrip()[:1] in ("{", "[")

    @cached_property
    def evidence(self) -> list[tuple[str, str]]:
        """Rows of the evidence table: (label, value as received)."""
        known = self.run.evidence
        return [
            (label, str(known[key]))
            for key, label in evidence.LABELS.items()
            if known.get(key) not in (None, "") and (key != "balance_text" or self.sees_balance)
        ]

    @property
    def rule(self) -> str:
        return evidence.rule(self.run)


def pinnable_seed(run: Run) -> str:
    """The seed where it is a whole number: pinning writes it into the payload as JSON. Anything else is empty."""
    return run.seed if _WHOLE.fullmatch(run.seed) else ""


def seen_text(run: Run, text: RunText, *, sees_balance: bool) -> str:
    """The answer's text for somebody who sees content, a balance in it replaced for those who may not see it."""
    if sees_balance:
        return text.response_text
    # A refusal for credits names the balance in words of its own.
    return "" if run.error_kind == "credits" else _without_balance(text.response_text)


def _without_balance(text: str) -> str:
    return _BALANCE_MEMBER.sub(rf'\g<1>"{HIDDEN}"', text)


def reset_of(run: Run, headers: Sequence[Sequence[str]]) -> datetime | None:
    """When the rate limit that refused this run ends; None when it did not say."""
    if run.status != 429:
        return None
    found = reply.money_headers((str(name), str(value)) for name, value in headers).reset
    return errors.reset_at(found, now=run.finished_at)


def explain(
    run: Run, text: RunText | None, *, sees_content: bool, sees_balance: bool
) -> errors.Explanation | None:
    """What went wrong with a finished run, in words fit for this viewer; None when nothing did."""
    reason = evidence.reason_of(run)
    if (
        run.state in (State.REFUSED, State.FAILED)
        and run.status is not None
        and run.billing == Billing.NOT_BILLED
    ):
        if not sees_content or text is None or (run.error_kind == "credits" and not sees_balance):
            # The provider's words may quote the prompt or name a balance: the bare wording of the kind says enough.
            return errors.explain_reason(run.error_kind) if run.error_kind in errors.REASONS else None
        resets_at = reset_of(run, text.response_headers)
        return errors.explain(run.status, text.error_text, version=f"v{run.version}", resets_at=resets_at)
    if run.error_kind in errors.REASONS or reason in errors.REASONS:
        code = run.error_kind if run.error_kind in errors.REASONS else reason
        return errors.explain_reason(code, text.error_text if text is not None and sees_content else "")
    if run.state == State.UNKNOWN:
        return errors.explain_reason("odd_failure")
    return None


def _days_left(run: Run, output: Output) -> int | None:
    """Days for which the provider still keeps the file; None when it never had one of its own."""
    if not output.url or run.finished_at is None:
        return None
    left = run.finished_at + KEPT_BY_PROVIDER - timezone.now()
    return max(0, left.days + (1 if left.seconds else 0)) if left > timedelta(0) else 0


def _shown_file(run: Run, team: Team, output: Output) -> ShownFile:
    file = output.file if output.state == Output.State.COPIED else None
    url = reverse("runs:file", args=[team.slug, file.id]) if file is not None else ""
    days_left = _days_left(run, output)
    return ShownFile(
        output=output,
        file=file,
        kind=file.kind if file is not None else run.output_kind,
        name=str(file) if file is not None else f"Output {output.position + 1}",
        url=url,
        thumbnail_url=f"{url}?size=thumb" if file is not None and file.thumbnail_name else "",
        can_retry=output.state == Output.State.LOST and bool(days_left),
        days_left=days_left,
    )


def _progress(run: Run, team: Team) -> Progress | None:
    if run.state not in OPEN_STATES:
        return None
    since = run.created_at if run.state == State.QUEUED else (run.claimed_at or run.created_at)
    usual = estimates.estimate(team=team, mode=run.mode, endpoint=run.endpoint)
    slow = usual.is_slow((timezone.now() - since).total_seconds()) and run.state != State.QUEUED
    slow_at = (
        since + timedelta(seconds=usual.slow_after) if usual.slow_after is not None and not slow else None
    )
    if run.state == State.QUEUED:
        busy = Run.objects.filter(api_key=run.api_key_id, state=State.SENDING).count()
        full = busy >= settings.CALLS_PER_KEY
        note = f"Waiting for a free slot of this key: {busy} calls are under way." if full else ""
        return Progress(0, "Queued", note, since, usual.usual_time, slow=False)
    if run.state == State.SENDING:
        return Progress(1, "Sent, waiting for the answer", "", since, usual.usual_time, slow, slow_at)
    note = f"Asked {run.polls} times so far." if run.polls > 1 else ""
    return Progress(2, "Accepted, running at the provider", note, since, usual.usual_time, slow, slow_at)


def shown_run(membership: Membership, run: Run) -> Shown:
    """What this membership sees of ``run``: three queries at most (words, outputs with files, the usual time)."""
    sees_content = access.can(membership, Ability.SEE_CONTENT)
    text = RunText.objects.defer("search").filter(run=run).first() if sees_content else None
    outputs = (
        run.outputs.select_related("file").order_by("position") if sees_content else Output.objects.none()
    )
    return Shown(
        run=run,
        team=membership.team,
        sees_content=sees_content,
        sees_balance=access.may_see_balance(membership, run.api_key),
        is_own=run.person_id == membership.user_id,
        text=text,
        files=[_shown_file(run, membership.team, output) for output in outputs],
        progress=_progress(run, membership.team),
    )


def unusual_cost(run: Run) -> str:
    """What is said at once of a run that cost several times the median of its like; empty for all others."""
    if run.cost is None or run.billing != Billing.BILLED:
        return ""
    size = Entry.objects.filter(run_id=run.id).in_order().values_list("size", flat=True).first()
    times = None if size is None else outliers.outlier(run.team_id, run.mode, run.endpoint, size, run.cost)
    return "" if times is None else outliers.sentence(run.endpoint, run.cost, times)


def result_context(membership: Membership, run: Run) -> dict[str, Any]:
    """The context of ``runs/_result.html``, for any page that includes it."""
    return {
        "shown": shown_run(membership, run),
        "run": run,
        "team": membership.team,
        "mode": run.mode,
        "zone": membership.team.zone,
        "may_run": access.can(membership, Ability.RUN),
        "unusual_cost": unusual_cost(run),
    }
