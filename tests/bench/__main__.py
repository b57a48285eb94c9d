"""``make bench``: one JSON line per figure, each a ratio or a count taken in this run.

``python -m tests.bench jobs_2s page_weight`` measures only those.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests import chromium, environment
from tests.bench.lines import tell


def main(wanted: list[str]) -> int:
    environment.prepare(durable=True)
    os.environ.setdefault("CHROMIUM", chromium.find() or "chromium")
    from tests.bench import engine, latency, money, pages
    from tests.bench.house import House, repeat

    def held(house: House) -> list[bool]:
        found = engine.held_calls(house)
        return [
            tell("held_calls_answered", found["answered"], "runs", 2000, at_least=True),
            tell("held_calls_peak", found["peak"], "calls", 2000, at_least=True),
            tell("held_calls_wall", found["wall"], "x ideal", 1.3),
            tell("held_memory", found["kib"], "KiB per call", 40),
        ]

    def history(house: House) -> list[bool]:
        found = pages.history_page(house)
        return [tell(f"history_page_{name}", value, "x", 1.5) for name, value in found.items()]

    def weight(house: House) -> list[bool]:
        found = pages.page_weight(house)
        return [
            tell("page_weight_playground", found["playground"], "KiB", 300),
            tell("page_weight_other", found["other"], "KiB", 100),
        ]

    def parallel(house: House) -> list[bool]:
        found = money.budget_parallel(house)
        return [
            tell("budget_parallel_violations", found["violations"], "runs", 0),
            tell("budget_parallel", found["ratio"], "x without", 0.5, at_least=True),
        ]

    def rollups(house: House) -> list[bool]:
        found = money.rollup_cost(house)
        return [tell(f"rollup_cost_{name}", value, "lost", 0.1) for name, value in found.items()]

    def money_kill(house: House) -> list[bool]:
        found = money.money_kill(house.folder / "money")
        return [tell("money_kill", found.pop("differences"), "differences", 0, **found)]

    figures: dict[str, Callable[[House], list[bool]]] = {
        "click_to_wire": lambda h: [
            tell("click_to_wire", repeat(3, lambda: latency.click_to_wire(h)), "x", 2.0)
        ],
        "wire_to_screen": lambda h: [
            tell("wire_to_screen", repeat(3, lambda: latency.wire_to_screen(h)), "x", 1.25)
        ],
        "jobs_2s": lambda h: [tell("jobs_2s", engine.jobs_2s(h), "x ideal", 1.6)],
        "jobs_0ms": lambda h: [tell("jobs_0ms", engine.jobs_0ms(h), "x naive", 5, at_least=True)],
        "held_calls": held,
        "body_memory": lambda h: [tell("body_memory", repeat(3, lambda: engine.body_memory(h)), "MiB", 64)],
        "page_weight": weight,
        "history_page": history,
        "budget_parallel": parallel,
        "rollup_cost": rollups,
        "money_kill": money_kill,
    }
    with tempfile.TemporaryDirectory(prefix="atelier-bench-") as folder:
        house = House(Path(folder))
        try:
            house.start()
            house.furnish()
            results = [
                ok for name, figure in figures.items() if name in (wanted or figures) for ok in figure(house)
            ]
        finally:
            house.stop()
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
