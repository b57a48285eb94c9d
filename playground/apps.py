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
