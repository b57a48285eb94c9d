"""How a figure is told: one JSON line with its bar."""

import json


def tell(name: str, value: float, unit: str, bar: float, *, at_least: bool = False, **more: object) -> bool:
    """Print one figure; whether it holds its bar. ``more`` stands in the line, too."""
    ok = value >= bar if at_least else value <= bar
    sign = ">=" if at_least else "<="
    line = {"name": name, "value": round(value, 3), "unit": unit, "bar": f"{sign} {bar:g}", "ok": ok}
    print(json.dumps(line | more), flush=True)
    return ok
