"""How long a click takes to reach the wire, and an answer to reach the screen."""

import json
import threading
import time
from queue import Empty, Queue

import httpx
import redis
from celery import Celery

from config.processes import wait_until
from tests.bench.house import House, median, new_token

ROUNDS = 60
WARM = 10


def _start(client: httpx.Client, house: House, slug: str, n: int) -> tuple[float, httpx.Response]:
    began = time.time()
    answer = client.post(
        f"/t/bench/sandbox/playground/{slug}/run/",
        data={
            "body": f'{{"n": {n}, "prompt": "a harbour"}}',
            "version": "1",
            "key": str(house.key),
            "token": str(new_token()),
        },
        headers={"HX-Request": "true"},
    )
    answer.raise_for_status()
    return began, answer


def empty_task(house: House, rounds: int = ROUNDS, *, every: float = 0.01) -> float:
    """Median seconds from enqueueing an empty Celery task to its start, one in ``every`` so many seconds.

    Processes that have slept wake up more slowly: the pace is that of what is compared with it.
    """
    store = redis.Redis.from_url(house.env["REDIS_URL"])
    store.delete("bench:empty")
    with Celery(broker=house.env["REDIS_URL"]) as app:
        app.conf.task_default_queue = "atelier"
        app.conf.task_ignore_result = True
        for n in range(rounds + WARM):
            app.send_task("bench.empty", kwargs={"sent": time.time()})
            wait_until(lambda n=n: store.llen("bench:empty") > n, seconds=10, interval=every)  # type: ignore[misc]
    times = [float(item) for item in store.lrange("bench:empty", WARM, -1)]
    return median(times)


def empty_post(client: httpx.Client, rounds: int = ROUNDS, *, every: float = 0.01) -> float:
    """Median seconds of a signed-in POST that does nothing, one in ``every`` so many seconds."""
    times = []
    for _ in range(rounds + WARM):
        time.sleep(every)
        began = time.time()
        client.post("/bench/bench/empty/").raise_for_status()
        times.append(time.time() - began)
    return median(times[WARM:])


def click_to_wire(house: House) -> float:
    """Submit over HTTP until the POST arrives upstream, over an empty POST plus an empty task."""
    house.forget()
    with house.signed_in() as client:
        began = {}
        for n in range(ROUNDS + WARM):
            began[n], _ = _start(client, house, "bench-0-0", n)
            wait_until(lambda n=n: n in house.times(), seconds=10, interval=0.01)  # type: ignore[misc]
        arrived = house.times()
        floor = empty_post(client) + empty_task(house)
    return median([arrived[n][0] - began[n] for n in began if n >= WARM]) / floor


def _watch(client: httpx.Client, run: str, found: "Queue[float]") -> None:
    with client.stream("GET", f"/t/bench/sandbox/stream/?run={run}", timeout=30) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:") and json.loads(line[5:]).get("state") == "succeeded":
                found.put(time.time())
                return


def wire_to_screen(house: House) -> float:
    """Upstream's last byte until the event stream carries the final state, over an empty task."""
    house.forget()
    delays = []
    with house.signed_in() as client, house.signed_in() as watcher:
        for n in range(ROUNDS // 2 + WARM):
            _, answer = _start(client, house, "bench-300-0", n)
            run = answer.text.partition('data-run="')[2].partition('"')[0]
            seen: Queue[float] = Queue()
            thread = threading.Thread(target=_watch, args=(watcher, run, seen))
            thread.start()
            thread.join()
            try:
                delays.append(seen.get_nowait() - house.times()[n][1])
            except Empty:
                raise RuntimeError("The event stream ended without the final state") from None
        floor = empty_task(house, ROUNDS // 2, every=0.3)
    return median(delays[WARM:]) / floor
