from typing import Any

from django.core.management.base import BaseCommand

from playground.catalogue.loader import load_bundled


class Command(BaseCommand):
    help = "Loads the bundled endpoints. migrate does it too; repeating it is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = load_bundled()
        if loaded.changed:
            self.stdout.write(f"{loaded.bundled} endpoints loaded, {loaded.retired} retired.")
        else:
            self.stdout.write(f"{loaded.bundled} endpoints, nothing changed.")
