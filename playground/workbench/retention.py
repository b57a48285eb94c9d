"""What sweeps sent goes when a team's time for words is over or somebody erased it, as the words of its runs do."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Team
from playground.workbench.models import Sweep, SweepCell


def apply() -> int:
    """Blank text and values of sweeps that are over and too old, and the values of erased runs; how many sweeps.

    Safe to repeat or to stop.
    """
    return _blank_old() + _blank_erased()


def _blank_erased() -> int:
    erased = SweepCell.objects.filter(run__text__erased_at__isnull=False).exclude(literals=[])
    done = 0
    for sweep_id in list(erased.order_by("sweep").values_list("sweep", flat=True).distinct()):
        with transaction.atomic():
            sweep = Sweep.objects.select_for_update(of=("self",)).get(id=sweep_id)
            erased.filter(sweep=sweep).update(literals=[])
            rest = sweep.cells.exclude(literals=[]).values_list("literals", flat=True)
            kept = [set(values) for values in zip(*rest, strict=True)]
            sweep.fields = [
                {**field, "literals": [one for one in field["literals"] if kept and one in kept[place]]}
                for place, field in enumerate(sweep.fields)
            ]
            sweep.text = sweep.text if kept else ""
            sweep.save(update_fields=["text", "fields"])
            done += 1
    return done


def _blank_old() -> int:
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
