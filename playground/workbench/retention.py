"""What sweeps sent goes when a team's time for words is over, as the words of its runs do."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Team
from playground.workbench.models import Sweep, SweepCell


def apply() -> int:
    """Blank text and values of sweeps that are over and too old; how many. Safe to repeat or to stop."""
    done = 0
    for team in Team.objects.exclude(keep_text_days=None).order_by("id"):
        moment = timezone.now() - timedelta(days=team.keep_text_days or 0)
        old = Sweep.objects.filter(team=team, created_at__lt=moment).exclude(state=Sweep.State.RUNNING)
        for sweep_id in list(old.exclude(text="").order_by("id").values_list("id", flat=True)):
            with transaction.atomic():
                sweep = old.select_for_update(of=("self",)).filter(id=sweep_id).first()
                if sweep is None:
                    continue
                sweep.text, sweep.fields, sweep.reason = "", [], ""
                sweep.save(update_fields=["text", "fields", "reason"])
                SweepCell.objects.filter(sweep=sweep).update(literals=[])
                done += 1
    return done
