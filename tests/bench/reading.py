"""What PostgreSQL takes for the statements of each page, against hand-written SQL, bars and another size."""

import gc
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from django.db import connection
from django.test import Client

from tests.bench import filling
from tests.bench.house import median
from tests.bench.lines import tell

PAGE_BAR, TEXT_BAR = 50, 500
Statement = tuple[str, Any]
_READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)


class Reader:
    """The owner of the large team at its pages; ``home`` is where the addresses of pages begin."""

    def __init__(self) -> None:
        from accounts.models import Membership

        self.membership = Membership.objects.select_related("team", "user").get(
            team__slug=filling.SLUG, role="owner"
        )
        self.team: UUID = self.membership.team_id
        self.home = f"/t/{filling.SLUG}/sandbox"
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(self.membership.user)
        self.today = datetime.now(UTC).date()

    def sends(self, act: Callable[[], Any]) -> list[Statement]:
        """Every statement that reads, as ``act`` sends them."""
        sent: list[Statement] = []

        def note(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
            if _READS.match(statement):
                sent.append((statement, params))
            return execute(statement, params, many, context)

        with connection.execute_wrapper(note):
            act()
        return sent

    def opens(self, path: str) -> list[Statement]:
        def act() -> None:
            answer = self.client.get(f"{self.home}/{path}")
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}.")

        return self.sends(act)


def milliseconds(*candidates: list[Statement], seconds: float = 1.5) -> list[float]:
    """The median time of each list of statements on the server: planning and running, taken in turn."""
    return [wall for wall, _ in _timed(*candidates, seconds=seconds)]


def _timed(*candidates: list[Statement], seconds: float) -> list[tuple[float, float]]:
    """Median milliseconds of each, by the clock and of the processor; the second ones know no other load."""
    rounds: list[list[tuple[float, float]]] = [[] for _ in candidates]
    end = time.monotonic() + seconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        used = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
        while len(rounds[0]) < 5 or (time.monotonic() < end and len(rounds[0]) < 31):
            for times, statements in zip(rounds, candidates, strict=True):
                before = _nanoseconds(used)
                wall = sum(_explained(cursor, *one) for one in statements)
                times.append((wall, (_nanoseconds(used) - before) / 1e6))
    return [(median([a for a, _ in times[2:]]), median([b for _, b in times[2:]])) for times in rounds]


def _nanoseconds(used: Path) -> int:
    """Processor time of the server's process so far; zero where the system does not tell."""
    return int(used.read_text().split()[0]) if used.exists() else 0


def _explained(cursor: Any, statement: str, params: Any) -> float:
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", params)
    plan = cursor.fetchone()[0]
    found = (plan if isinstance(plan, list) else json.loads(plan))[0]
    return float(found["Planning Time"] + found["Execution Time"])


def measure(count: int, *, only: str = "") -> tuple[dict[str, float], bool]:
    """Tell every figure of this size; the milliseconds by page, and whether all hold their bars."""
    reader = Reader()
    found: dict[str, float] = {}
    good = True
    for name, path in _pages(reader).items():
        if name.startswith(only):
            ((found[name], cpu),) = _timed(reader.opens(path), seconds=1.5)
            bar = TEXT_BAR if name.startswith("search") else PAGE_BAR
            good = tell(f"large_{name}", found[name], "ms", bar, runs=count, cpu=round(cpu, 2)) and good
    parts: tuple[Callable[[Reader, int], bool], ...] = (_against_sql, _against_raw, _export)
    for part in parts:
        if not only or part.__name__ == only:
            good = part(reader, count) and good
    return found, good


def tell_growth(small: int, before: dict[str, float], large: int, after: dict[str, float]) -> bool:
    """How much longer each page takes in the larger house; below half a millisecond nothing is told apart."""
    held = [
        tell(
            f"large_{name}_growth",
            max(after[name], 0.5) / max(before[name], 0.5),
            "x",
            1.3,
            runs=[small, large],
        )
        for name in before
        if name in after and not name.startswith("search")
    ]
    return all(held)


def _pages(reader: Reader) -> dict[str, str]:
    from playground.ledger.models import Entry

    def since(days: int) -> str:
        return f"{reader.today - timedelta(days=days):%Y-%m-%d}"

    entry = Entry.objects.filter(team_id=reader.team).order_by("-day", "-id")[1000]
    year = f"period=custom&from={since(364)}&to={since(0)}"
    month = f"period=month&on={since(31)[:7]}"
    history = {name: f"history/?{query}" for name, (query, _) in _filters(reader).items()}
    spans = {
        "day": f"period=day&on={since(1)}",
        "week": f"period=week&on={since(7)}",
        "month": month,
        "year": year,
    }
    tabs = {
        f"spend_{span}_{tab}": f"spend/?{spans[span]}&by={tab}"
        for span in ("month", "year")
        for tab in ("model", "key", "source", "tag")
    }
    crossed = {
        f"crossed_{span}_{pair}": f"spend/crossed/?{spans[span]}&cross={pair}"
        for span in ("month", "year")
        for pair in ("person-model", "person-key", "model-key")
    }
    return {
        **{f"history_{name}": path for name, path in history.items()},
        "search_rare": "history/?q=place4321",
        "search_some": "history/?q=harbour+colour7",
        "search_all": "history/?q=harbour",
        "search_none": "history/?q=submarine",
        "chart_day": "history/chart/",
        "chart_month": f"history/chart/?from={since(31)}",
        "chart_year": f"history/chart/?from={since(365)}",
        **{f"spend_{span}_person": f"spend/?{query}" for span, query in spans.items()},
        **tabs,
        **crossed,
        "model_month": f"spend/models/model-5/?{month}",
        "model_year": f"spend/models/model-5/?{year}",
        "budgets": "budgets/",
        "ledger": "ledger/",
        "ledger_days": f"ledger/?since={since(200)}&until={since(200)}",
        "ledger_release": "ledger/?kind=release",
        "ledger_charge": "ledger/?kind=charge",
        "ledger_correction": "ledger/?kind=correction",
        "ledger_run": f"ledger/?run={entry.run_id}",
        "reconcile": "reconcile/",
        "doubts": "history/doubts/",
    }


def _filters(reader: Reader) -> dict[str, tuple[str, str]]:
    """Each filter of the history: as the address asks, and as somebody writes it by hand."""
    from accounts.models import ApiKey, User
    from playground.runs.history import SEARCHED, lowest_id

    person = User.objects.get(email="p30@example.com").id
    key = ApiKey.objects.get(team=reader.team, label="Key 3").id
    day = reader.today - timedelta(days=200)
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    ids = f"AND id >= '{lowest_id(begin)}' AND id < '{lowest_id(begin + timedelta(days=1))}'"
    searched = f"AND id >= '{lowest_id(datetime.now(UTC) - SEARCHED)}'"
    return {
        "first": ("", ""),
        "person": (f"person={person}", f"AND person_id = '{person}'"),
        "endpoint": ("endpoint=model-60", "AND endpoint = 'model-60'"),
        "key": (f"key={key}", f"AND api_key_id = '{key}'"),
        "unknown": ("billing=unknown", "AND billing = 'unknown'"),
        "state": ("state=refused", "AND state = 'refused'"),
        "status_404": ("status=404", "AND status = 404"),
        "status_none": ("status=599", "AND status = 599"),
        "person_status": (f"person={person}&status=404", f"AND person_id = '{person}' AND status = 404"),
        "source": ("source=playground", f"AND source = 'playground' {searched}"),
        "source_rare": ("source=demo", f"AND source = 'demo' {searched}"),
        "days": (f"from={day}&to={day}", ids),
        "needs_person": (
            "needs=person",
            "AND (billing = 'unknown' OR (billing = 'billed' AND cost IS NULL))",
        ),
    }


def _against_sql(reader: Reader, count: int) -> bool:
    """The rows of each filter, and the sums of a period, against SQL that says the same in the shortest way."""
    from playground.ledger import spend
    from playground.ledger.models import Cut
    from playground.ledger.periods import Kind, Period

    scope = spend.scope_of(reader.membership, "sandbox")
    held = []
    for name, (query, where) in _filters(reader).items():
        rows = [
            one
            for one in reader.opens(f"history/?{query}")
            if "LIMIT 51" in one[0] and '"playground_run"' in one[0]
        ]
        by_hand = (
            f"SELECT * FROM playground_run WHERE team_id = '{reader.team}' AND mode = 'sandbox' {where} "
            "ORDER BY id DESC LIMIT 51"
        )
        ours, best = milliseconds(rows, [(by_hand, None)])
        held.append(tell(f"large_history_{name}_over_sql", ours / best, "x", 1.5, runs=count))
    for name, first in (("month", _month_ago(reader)), ("year", reader.today - timedelta(days=364))):
        last = first + timedelta(days=30) if name == "month" else reader.today
        period = Period(Kind.CUSTOM, first, last)
        by_hand = (
            "SELECT a, sum(spent), sum(runs), sum(billed), sum(not_billed), sum(unknown), sum(succeeded)"
            f" FROM playground_rollup WHERE team_id = '{reader.team}' AND mode = 'sandbox' AND cut = 'person'"
            f" AND grain = 'd' AND start BETWEEN '{first}' AND '{last}' GROUP BY a"
        )
        sent = reader.sends(lambda period=period: spend.by_value(scope, period, Cut.PERSON))  # type: ignore[misc]
        ours, best = milliseconds(sent, [(by_hand, None)])
        held.append(tell(f"large_spend_{name}_over_sql", ours / best, "x", 1.5, runs=count))
    return all(held)


def _month_ago(reader: Reader) -> date:
    return (reader.today.replace(day=1) - timedelta(days=1)).replace(day=1)


_COVERING = """
CREATE INDEX bench_covering ON playground_entry (team_id, mode, day, person_id)
    INCLUDE (spent, billing, billing_before, state, state_before)
"""


def _against_raw(reader: Reader, count: int) -> bool:
    """The sums of people over a month and a year against the same from the entries, read from a covering index."""
    from playground.ledger import spend
    from playground.ledger.models import Cut
    from playground.ledger.periods import Kind, Period

    scope = spend.scope_of(reader.membership, "sandbox")
    held = []
    with connection.cursor() as cursor:
        cursor.execute(_COVERING)
        cursor.execute("VACUUM ANALYZE playground_entry")
        try:
            for name, days in (("month", 30), ("year", 364)):
                period = Period(Kind.CUSTOM, reader.today - timedelta(days=days), reader.today)
                raw = (
                    "SELECT n.person_id, n.day, sum(n.spent) FROM playground_entry AS n"
                    f" WHERE n.team_id = '{reader.team}' AND n.mode = 'sandbox'"
                    f" AND n.day BETWEEN '{period.first}' AND '{period.last}' GROUP BY 1, 2"
                )
                sent = reader.sends(lambda period=period: spend.by_value(scope, period, Cut.PERSON))  # type: ignore[misc]
                ours, entries = milliseconds(sent, [(raw, None)], seconds=8)
                held.append(tell(f"large_spend_{name}_over_entries", ours / entries, "x", 0.05, runs=count))
        finally:
            cursor.execute("DROP INDEX bench_covering")
    return all(held)


def _export(reader: Reader, count: int) -> bool:
    """Memory while the year's entries are streamed as a zip; of a larger house only a month, which takes as long."""
    days = 364 if count <= 1_000_000 else 30
    first = reader.today - timedelta(days=days)
    answer: Any = reader.client.get(
        f"{reader.home}/spend/export.csv?period=custom&from={first}&to={reader.today}"
    )
    process = psutil.Process()
    begin = peak = size = 0
    for place, piece in enumerate(answer.streaming_content):
        size += len(piece)
        if place == 50:
            gc.collect()
            begin = process.memory_info().rss
        if place % 20 == 0:
            peak = max(peak, process.memory_info().rss)
    grown = max(0, peak - begin) / 1024 / 1024 if begin else 0.0
    return tell("large_export_memory", grown, "MiB", 16, runs=count, days=days, zip_mib=size >> 20)
