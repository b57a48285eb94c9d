import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError

from playground.ledger import checks, verify
from playground.ledger.models import LedgerCheck


class Command(BaseCommand):
    help = "Recomputes the chain of sealed blocks and names the first one that is not as it was sealed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from-block", type=int, default=1, help="believe the blocks before this one")
        parser.add_argument("--expect-head", metavar="BLOCK:DIGEST", help="a head from a mail or an export")
        parser.add_argument(
            "--tail-minutes",
            type=int,
            default=60,
            help="how long an entry may wait for its block (default 60)",
        )

    def handle(
        self, *, from_block: int, expect_head: str | None, tail_minutes: int, **options: object
    ) -> None:
        try:
            expect = verify.Head.parse(expect_head) if expect_head else None
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        walk = verify.verify(
            from_block=max(from_block, 1),
            expect=expect,
            tail=timedelta(minutes=tail_minutes),
            progress=self._progress(),
        )
        if from_block <= 1:
            checks.note(kind=LedgerCheck.Kind.CHAIN, summary=walk.words, agrees=walk.fault is None)
        if walk.fault is not None:
            raise CommandError(f"{walk.fault}")
        self.stdout.write(walk.words)
        if walk.head is not None:
            self.stdout.write(f"Head: {walk.head.block}:{walk.head.digest}")

    def _progress(self) -> Callable[[verify.Walk], None]:
        last = time.monotonic()

        def say(walk: verify.Walk) -> None:
            nonlocal last
            if walk.head is not None and time.monotonic() - last >= 2:
                last = time.monotonic()
                self.stdout.write(f"block {walk.head.block}, {walk.entries} entries so far")

        return say
