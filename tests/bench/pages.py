"""The history at a million rows, and what a first visit weighs."""

import json
import os
import subprocess
from typing import Any

from django.contrib.sessions.backends.cached_db import SessionStore
from django.db import connection
from django.test import RequestFactory
from playwright.sync_api import Browser, sync_playwright

from config import commands
from tests.bench.house import EMAIL, PASSWORD, House, median

RUNS = 1_000_000
# One team has 60 % of the rows; 50 people, 100 endpoints, 2 % refusals, over a year.
_FILL = """
INSERT INTO playground_run (id, team_id, mode, person_id, person_label, endpoint, version, source, api_key_id,
    key_label, key_last_four,
    token, state, billing, cost, cost_source, submit_status, status, request_id, error_kind, output_kind,
    seed, evidence, rule_version, created_at, claimed_at, finished_at, polls)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n %% 4096), 3, '0')
        || '8' || lpad(to_hex(n), 15, '0'))::uuid,
    CASE WHEN n %% 10 < 6 THEN %(team)s ELSE %(other)s END::uuid, 'sandbox',
    (%(people)s::uuid[])[1 + n %% 50], 'Person ' || n %% 50, 'model-' || n %% 100, 1, 'playground', %(key)s,
    'Bench', 'cdef', gen_random_uuid(), CASE WHEN n %% 50 = 0 THEN 'refused' ELSE 'succeeded' END,
    CASE WHEN n %% 50 = 0 THEN 'not_billed' ELSE 'billed' END, CASE WHEN n %% 50 = 0 THEN NULL ELSE 0.0123456789 END,
    CASE WHEN n %% 50 = 0 THEN '' ELSE 'header' END, NULL, CASE WHEN n %% 50 = 0 THEN 400 + n %% 7 ELSE 200 END,
    'request-' || n, '', 'image', '', '{"reason": ""}', 1, at, at, at + interval '2 s', 0
FROM (SELECT n, now() - interval '365 days' + n * interval '365 days' / %(count)s AS at
      FROM generate_series(1, %(count)s) AS n) AS line
"""


def fill(house: House) -> None:
    from accounts import teams
    from accounts.models import User

    house.forget()
    with house.django():
        people = [User.objects.create_user(f"p{n}@example.com", None) for n in range(50)]
        other = teams.create_team(owner=people[0], name="Other").team_id
        values: dict[str, Any] = {
            "team": house.team,
            "other": other,
            "people": [person.id for person in people],
            "key": house.key,
            "count": RUNS,
        }
        with connection.cursor() as cursor:
            cursor.execute(_FILL, values)
    house.sql("VACUUM ANALYZE playground_run")


def history_page(house: House) -> dict[str, float]:
    """Database time of the list over hand-written SQL, for four ways to ask; and page 10,000 over page 1.

    Both statements are planned and run by the server in turn, so that neither has a warmer cache.
    """
    fill(house)
    with house.django():
        from accounts.models import Membership
        from playground.runs.models import Run

        membership = Membership.objects.select_related("team", "user").get(team=house.team, user=house.person)
        deep = Run.objects.filter(team=house.team).order_by("-id").values_list("id", flat=True)[500_000]
        asked: dict[str, tuple[str, str]] = {
            "first": ("", ""),
            "page_10000": (f"before={deep}", f"AND id < '{deep}'"),
            "rare": ("status=404&endpoint=model-50", "AND status = 404 AND endpoint = 'model-50'"),
            "no_match": ("status=599", "AND status = 599"),
        }
        figures: dict[str, float] = {}
        ours: dict[str, float] = {}
        for name, (query, where) in asked.items():
            bare = (
                f"SELECT * FROM playground_run WHERE team_id = '{house.team}' AND mode = 'sandbox' {where} "
                "ORDER BY id DESC LIMIT 51"
            )
            ours[name], by_hand = _server_milliseconds(_list_statements(membership, query), [(bare, None)])
            figures[name] = ours[name] / by_hand
        figures["deep_over_first"] = ours["page_10000"] / ours["first"]
    return figures


def _list_statements(membership: Any, query: str) -> list[tuple[str, Any]]:
    """Every statement on runs that the view sends for its rows; what fills the filter's choices is left out."""
    from playground.runs.views.history import history_list

    sent: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if '"playground_run"' in sql:
            sent.append((sql, params))
        return execute(sql, params, many, context)

    request = RequestFactory().get(f"/t/bench/sandbox/history/?{query}")
    request.user, request.session = membership.user, SessionStore()
    with connection.execute_wrapper(note):
        history_list(request, team="bench", mode="sandbox")
    return sent


def _server_milliseconds(*candidates: list[tuple[str, Any]]) -> list[float]:
    """The median time of each list of statements on the server: planning and running, taken in turn."""
    rounds: list[list[float]] = [[] for _ in candidates]
    with connection.cursor() as cursor:
        for _ in range(41):
            for times, statements in zip(rounds, candidates, strict=True):
                total = 0.0
                for sql, params in statements:
                    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
                    plan = cursor.fetchone()[0]
                    found = (plan if isinstance(plan, list) else json.loads(plan))[0]
                    total += found["Planning Time"] + found["Execution Time"]
                times.append(total)
    return [median(times[5:]) for times in rounds]


def page_weight(house: House) -> dict[str, float]:
    """Compressed KiB of the playground's first load, and of the heaviest other page; media left out."""
    collected = str(house.folder / "static")
    env = {"STATIC_ROOT": collected, "STATIC_COLLECTED": "true"}
    command = commands.manage("collectstatic", "--noinput", "-v0")
    subprocess.run(command, env={**house.env, **env}, cwd=commands.PROJECT, check=True)
    house.restart_web(env)
    others = [
        "history/",
        "../keys/",
        "../team/",
        "../settings/",
        "../audit/",
        "endpoints/",
        "../../../accounts/login/",
    ]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"]
        )
        weights = {
            path: _first_load(browser, house, f"/t/bench/sandbox/{path}")
            for path in ["playground/seedream-4.5/", *others]
        }
        browser.close()
    heaviest = max(weights[path] for path in others)
    return {"playground": weights["playground/seedream-4.5/"] / 1024, "other": heaviest / 1024}


def _first_load(browser: Browser, house: House, path: str) -> int:
    """Bytes over the wire of one page in a browser that has seen nothing before but the sign-in."""
    context = browser.new_context()
    page = context.new_page()
    if "login" not in path:
        page.goto(f"{house.url}/accounts/login/")
        page.fill("input[name=login]", EMAIL)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state("networkidle")
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    media: set[str] = set()
    total = 0

    def received(event: dict[str, Any]) -> None:
        if event["response"]["mimeType"].startswith(
            ("image/webp", "image/png", "image/jpeg", "video/", "audio/")
        ):
            media.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        nonlocal total
        if event["requestId"] not in media:
            total += int(event["encodedDataLength"])

    session.on("Network.responseReceived", received)
    session.on("Network.loadingFinished", finished)
    page.goto(f"{house.url}{path}")
    page.wait_for_load_state("networkidle")
    context.close()
    return total
