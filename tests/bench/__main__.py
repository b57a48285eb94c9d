"""``make bench``: one JSON line per figure, each a ratio or a count taken in this run.

``python -m tests.bench jobs_2s page_weight`` measures only those.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests import chromium, environment


def _print(name: str, value: float, unit: str, bar: float, *, at_least: bool = False) -> bool:
    ok = value >= bar if at_least else value <= bar
    sign = ">=" if at_least else "<="
    line = {"name": name, "value": round(value, 3), "unit": unit, "bar": f"{sign} {bar:g}", "ok": ok}
    print(json.dumps(line), flush=True)
    return ok


def main(wanted: list[str]) -> int:
    environment.prepare(durable=True)
    os.environ.setdefault("CHROMIUM", chromium.find() or "chromium")
    from tests.bench import engine, latency, pages
    from tests.bench.house import House, repeat

    def held(house: House) -> list[bool]:
        found = engine.held_calls(house)
        return [
            _print("held_calls_answered", found["answered"], "runs", 2000, at_least=True),
            _print("held_calls_peak", found["peak"], "calls", 2000, at_least=True),
            _print("held_calls_wall", found["wall"], "x ideal", 1.3),
            _print("held_memory", found["kib"], "KiB per call", 40),
        ]

    def history(house: House) -> list[bool]:
        found = pages.history_page(house)
        return [_print(f"history_page_{name}", value, "x", 1.5) for name, value in found.items()]

    def weight(house: House) -> list[bool]:
        found = pages.page_weight(house)
        return [
            _print("page_weight_playground", found["playground"], "KiB", 300),
            _print("page_weight_other", found["other"], "KiB", 100),
        ]

    figures: dict[str, Callable[[House], list[bool]]] = {
        "click_to_wire": lambda h: [
            _print("click_to_wire", repeat(3, lambda: latency.click_to_wire(h)), "x", 2.0)
        ],
        "wire_to_screen": lambda h: [
            _print("wire_to_screen", repeat(3, lambda: latency.wire_to_screen(h)), "x", 1.25)
        ],
        "jobs_2s": lambda h: [_print("jobs_2s", engine.jobs_2s(h), "x ideal", 1.6)],
        "jobs_0ms": lambda h: [_print("jobs_0ms", engine.jobs_0ms(h), "x naive", 5, at_least=True)],
        "held_calls": held,
        "body_memory": lambda h: [_print("body_memory", repeat(3, lambda: engine.body_memory(h)), "MiB", 64)],
        "page_weight": weight,
        "history_page": history,
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
