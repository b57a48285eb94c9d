"""What the engine holds and how fast it drains its queue."""

from celery import Celery

from config.processes import wait_until
from tests.bench.house import House, median, pause, repeat


def _drain(house: House, slug: str, count: int, seconds: float) -> float:
    """Wall seconds for ``count`` queued runs, the worker started after they are queued."""
    house.kill_worker()
    house.forget()
    house.queue(slug, count)
    house.start_worker()
    house.wait_done(seconds)
    if house.settled() != count:
        raise RuntimeError(f"{house.settled()} of {count} runs succeeded")
    return house.wall()


def jobs_2s(house: House) -> float:
    return repeat(3, lambda: _drain(house, "bench-2000-0", 1000, 120) / 2.0)


def jobs_0ms(house: House) -> float:
    """Our runs per second over those of one Celery message per run with the ORM and plain httpx."""
    ours = repeat(3, lambda: 3000 / _drain(house, "bench-0-0", 3000, 120))
    return ours / _naive_rate(house, 500)


def _naive_rate(house: House, count: int) -> float:
    house.kill_worker()
    rates = []
    for _ in range(3):
        house.forget()
        ids = house.queue("bench-0-0", count)
        with Celery(broker=house.env["REDIS_URL"]) as app:
            app.conf.task_default_queue = "naive"
            app.conf.task_ignore_result = True
            for run_id in ids:
                app.send_task("bench.naive", kwargs={"run_id": run_id}, queue="naive")
        command = [
            *(
                "-A",
                "tests.bench.naive",
                "worker",
                "--pool",
                "threads",
                "--concurrency",
                "200",
                "--queues",
                "naive",
            ),
            *("--without-gossip", "--without-mingle", "--loglevel", "info"),
        ]
        house.start_naive(command)
        house.wait_done(180)
        rates.append(count / house.wall())
        house.kill_worker()
    house.start_worker()
    return median(rates)


def held_calls(house: House, count: int = 2000) -> dict[str, float]:
    """2,000 calls of 20 s at once: answered, peak upstream, wall over ideal, and memory per held call in KiB."""
    house.kill_worker()
    house.forget()
    house.start_worker()
    _drain_warm(house)
    idle = house.worker_pss()
    house.queue("bench-20000-0", count)
    house.send_task("runs.nudge")
    wait_until(lambda: house.stats()["in_flight"] >= count, seconds=18, interval=0.25)
    held = house.worker_pss()
    house.wait_done(120)
    stats = house.stats()
    return {
        "answered": house.settled(),
        "peak": stats["peak"],
        "wall": house.wall() / 20.0,
        "kib": (held - idle) / 1024 / count,
    }


def _drain_warm(house: House) -> None:
    """A few calls first, so that the idle figure has every library loaded."""
    house.queue("bench-0-0", 50)
    house.queue("bench-0-16", 10)
    house.send_task("runs.nudge")
    house.wait_done(30)
    pause(2)
    house.forget()


def body_memory(house: House, count: int = 200) -> float:
    """Extra MiB while ``count`` answers of 3 MB arrive together."""
    house.kill_worker()
    house.forget()
    house.start_worker()
    _drain_warm(house)
    idle = peak = house.worker_pss()
    house.queue("bench-1000-3000", count)
    house.send_task("runs.nudge")
    while house.open_runs():
        peak = max(peak, house.worker_pss())
        pause(0.05)
    if house.settled() != count:
        raise RuntimeError(f"{house.settled()} of {count} bodies arrived")
    return (peak - idle) / 1024 / 1024
