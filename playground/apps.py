from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


def load_catalogue(*, using: str, **kwargs: Any) -> None:
    """After every ``migrate``: the bundled endpoints, unless the tables were just migrated away."""
    from playground.catalogue.loader import load_bundled
    from playground.catalogue.models import CatalogueState

    if CatalogueState._meta.db_table in connections[using].introspection.table_names():
        load_bundled(using=using)


class PlaygroundConfig(AppConfig):
    name = "playground"

    def ready(self) -> None:
        from accounts import zones
        from playground.ledger import days

        zones.kept_by(days.has_days)
        post_migrate.connect(load_catalogue, sender=self, dispatch_uid="playground.load_catalogue")
        introduce_rooms()


def introduce_rooms() -> None:
    """What one room shows of another that it does not know."""
    from accounts import context
    from playground.catalogue.offers import offered_models
    from playground.ledger import frame, scopes
    from playground.payloads.origin import origin_of
    from playground.runs import detail

    context.WAITING["ledger:budget_list"] = frame.open_requests
    scopes.offered_models = offered_models
    detail.origin_of = origin_of
