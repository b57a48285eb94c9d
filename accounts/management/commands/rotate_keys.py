from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts import rotation, vault


class Command(BaseCommand):
    help = (
        "Encrypts every stored provider key under the first entry of VAULT_KEYS. "
        "Safe beside a running system; stop it with Ctrl-C and start it again whenever it suits."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=100, help="rows per progress line (default 100)")

    def handle(self, *, batch: int, **options: object) -> None:
        progress = None
        try:
            for progress in rotation.rotate(batch=batch):
                self.stdout.write(str(progress))
        except KeyboardInterrupt:
            self.stdout.write("Stopped. Nothing is lost: run the command again to go on.")
            return
        if progress is not None and progress.unreadable:
            for row in progress.unreadable:
                self.stderr.write(f"can't be read, needs to be entered again: {row}")
            raise CommandError(f"{len(progress.unreadable)} rows can't be read with the keys in VAULT_KEYS.")
        self.stdout.write(
            f"Every row is on {vault.newest_ring_key()}. Older entries of VAULT_KEYS can be removed."
        )
