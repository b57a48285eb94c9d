"""`python -m playground.sandbox`: serve until SIGINT or SIGTERM."""

import argparse
import asyncio
import contextlib
import math
import signal
import sys
from decimal import Decimal
from pathlib import Path

import uvloop
from aiohttp import web

from playground.sandbox.app import create_app
from playground.sandbox.sandbox import Options

BACKLOG = 4096
DRAIN_SECONDS = 2.0


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError("a speed is a number above 0")
    return speed


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m playground.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8801, help="0 picks a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder of the books and files")
    parser.add_argument("--credits", type=Decimal, default=Decimal("25.0"), help="what a new key starts with")
    parser.add_argument("--free-credits", type=Decimal, default=Decimal("0.5"))
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="how many times faster runs are (1: 0.3 to 4 s)"
    )
    parser.add_argument("--rpm", type=int, default=None, help="calls a minute per key (off)")
    return parser.parse_args()


async def serve(options: Options, host: str, port: int) -> None:
    """Print the address once the port is bound, and stop at a signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(create_app(options), access_log=None, shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=BACKLOG)
    try:
        await site.start()
    except OSError as taken:
        await runner.cleanup()
        sys.exit(f"The sandbox cannot listen on {host}:{port}: {taken.strerror or taken}")
    bound = runner.addresses[0]
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    sys.stdout.write(f"Sandbox on http://{shown}:{bound[1]}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    args = arguments()
    options = Options(args.data, args.credits, args.free_credits, args.speed, args.rpm)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(options, args.host, args.port))


if __name__ == "__main__":
    main()
