"""Celery's doors into the workbench."""

from celery import shared_task

from playground.workbench import demo, starting
from playground.workbench import retention as retaining


@shared_task(name="workbench.demo_runs")
def demo_runs(*, team_id: str) -> None:
    demo.send_runs(team_id=team_id)


@shared_task(name="workbench.sweeps")
def sweeps() -> None:
    starting.start_due()


@shared_task(name="workbench.retention")
def retention() -> None:
    retaining.apply()
