"""Run the same body once more. Always a person's click, always a new run."""

import uuid

from accounts import access
from accounts.models import ApiKey, Membership
from playground.runs import submit
from playground.runs.models import Run, RunText


def usable_key(membership: Membership, run: Run) -> ApiKey | None:
    """The run's own key where this person may use it, else their default one of the same mode."""
    key = ApiKey.objects.filter(id=run.api_key_id).usable().first()
    if key is not None and access.may_use_key(membership, key):
        return key
    own = ApiKey.objects.filter(team=membership.team_id, owner=membership.user_id, mode=run.mode)
    return own.usable().order_by("-is_default", "id").first()


def run_again(*, membership: Membership, run: Run, token: uuid.UUID) -> Run:
    """A new queued run with the exact body, endpoint and version of ``run``. Raises submit.SubmitProblem.

    ``token`` comes from the form, so that a double click makes one run.
    """
    if not access.can(membership, access.Ability.SEE_CONTENT):
        raise submit.SubmitProblem("body", "Your role in this team does not see what was sent.")
    text = RunText.objects.filter(run=run).only("request_text", "erased_at").first()
    if text is None or text.erased_at is not None:
        raise submit.SubmitProblem("body", "What this run sent was erased, so it cannot be sent again.")
    key = usable_key(membership, run)
    if key is None:
        raise submit.SubmitProblem(
            "key", f"You have no {run.mode} key in this team that could send it. Add one under My keys."
        )
    return submit.submit(
        membership=membership,
        endpoint=run.endpoint,
        version=run.version,
        key=key,
        body_text=text.request_text,
        token=token,
    )
