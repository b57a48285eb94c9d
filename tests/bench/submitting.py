"""Submits runs from many threads at once, for ``money.budget_parallel``: ``submitting TEAM THREADS EACH``.

Says ``ready``, waits for a line, and says how many submissions came to an end, taken or refused.
"""

import sys
import threading
from uuid import UUID

import django
from uuid_utils.compat import uuid7


def main(team: UUID, threads: int, each: int) -> None:
    django.setup()
    from django.db import connection

    from accounts.models import ApiKey, Membership
    from playground.runs.submit import SubmitProblem, submit

    membership = Membership.objects.select_related("team", "user").get(team=team)
    key = ApiKey.objects.get(team=team)
    connection.close()
    together, done = threading.Barrier(threads + 1), []

    def work() -> None:
        connection.ensure_connection()
        together.wait()
        for n in range(each):
            try:
                submit(
                    membership=membership,
                    endpoint="bench-0-0",
                    version=1,
                    key=key,
                    body_text=f'{{"n": {n}, "prompt": "a harbour"}}',
                    token=uuid7(),
                )
            except SubmitProblem as problem:
                if problem.refused is None:
                    raise
            done.append(n)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    sys.stdin.readline()
    together.wait()
    for worker in workers:
        worker.join()
    print(len(done), flush=True)


if __name__ == "__main__":
    main(UUID(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
