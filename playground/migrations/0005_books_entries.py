"""Runs from before the ledger get the entries they would have made, without a hold: nothing was reserved for them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import migrations, transaction
from django.db.models import Exists, OuterRef
from uuid_utils.compat import uuid7

BATCH = 1000

EVIDENCE = ("cost_text", "balance_text", "generation_time_text", "reason")
KIND = {"billed": "charge", "not_billed": "release", "unknown": "hold"}


def take_over(apps, schema_editor):
    """A batch a transaction, in the order of the runs; what has an entry already is left alone, so it can go on."""
    teams = {team.id: ZoneInfo(team.time_zone) for team in apps.get_model("accounts", "Team").objects.all()}
    endpoints = apps.get_model("playground", "Endpoint").objects.values_list("team_id", "slug", "category")
    categories = {(team, slug): category for team, slug, category in endpoints}
    Run, Entry = apps.get_model("playground", "Run"), apps.get_model("playground", "Entry")
    missing = Run.objects.filter(~Exists(Entry.objects.filter(run_id=OuterRef("id")))).order_by("id")
    while True:
        with transaction.atomic():
            runs = list(missing.select_for_update(no_key=True)[:BATCH])
            if not runs:
                return
            common = {run.id: about(run, teams[run.team_id], categories) for run in runs}
            # In two statements: the clock of the database then puts each hold before what became of it.
            Entry.objects.bulk_create([first(Entry, common[run.id]) for run in runs])
            settled = [run for run in runs if run.billing != "pending"]
            Entry.objects.bulk_create([outcome(Entry, run, common[run.id]) for run in settled])


def about(run, zone, categories):
    return {
        "made_by": "migration",
        "team_id": run.team_id,
        "mode": run.mode,
        "run_id": run.id,
        "person_id": run.person_id,
        "person_label": run.person_label,
        "key_id": run.api_key_id,
        "key_label": run.key_label,
        "key_last_four": run.key_last_four,
        "endpoint": run.endpoint,
        "category": (
            categories.get((run.team_id, run.endpoint)) or categories.get((None, run.endpoint)) or ""
        )[:60],
        "source": run.source,
        "tag": run.tag,
        "rule_version": run.rule_version,
        "effective_at": run.created_at,
        "day": run.created_at.astimezone(zone).date(),
        "reason": "Taken over from before the ledger",
    }


def first(Entry, common):
    return Entry(id=uuid7(), kind="hold", billing="pending", state="queued", **common)


def outcome(Entry, run, common):
    return Entry(
        id=uuid7(),
        kind=KIND[run.billing],
        spent=run.cost or 0,
        cost=run.cost,
        billing=run.billing,
        billing_before="pending",
        state=run.state,
        state_before="queued",
        error_kind=run.error_kind,
        seconds=seconds(run),
        evidence=evidence(run),
        **common,
    )


def seconds(run):
    if run.claimed_at is None or run.finished_at is None:
        return None
    return round(min(max((run.finished_at - run.claimed_at).total_seconds(), 0.0), 9_999_999.0), 3)


def evidence(run):
    known = {name: (run.evidence or {}).get(name) for name in EVIDENCE}
    known |= {
        "submit_status": run.submit_status,
        "status": run.status,
        "request_id": run.request_id,
        "cost_source": run.cost_source,
        "claimed_at": moment(run.claimed_at),
        "accepted_at": moment(run.accepted_at),
        "finished_at": moment(run.finished_at),
    }
    return {name: value for name, value in known.items() if value is not None and value != ""}


def moment(value: datetime | None):
    return None if value is None else value.isoformat()


class Migration(migrations.Migration):
    atomic = False  # each batch is a transaction of its own

    dependencies = [("playground", "0004_books")]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
