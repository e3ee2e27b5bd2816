"""A server under load: `python -m benchmarks.held [MINUTES]`, 32 clients that ask without pause, on the shipped corpus in memory.

First the questions that many ask, beside a bare server that gives the same bytes; then questions of which no two are alike, and what the
server holds after each minute. An answer that is no 200 ends the run with its status.
"""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import product

from benchmarks.neo4j_rest import CLIENTS, PATHS, show
from benchmarks.serving import RDWI, first_answer, latencies, resident_mib, server, serving

_BARE = (
    "from starlette.applications import Starlette\n"
    "from starlette.responses import Response\n"
    "from starlette.routing import Route\n"
    "body = Response(b'x' * {size}, media_type='application/json')\n"
    "async def same(request): return body\n"
    "app = Starlette(routes=[Route('/', same)])\n"
)


def different(port: int) -> list[str]:
    """Questions of which no two are alike: evidence, lists and pages, of fewer and fewer papers."""
    edges = json.loads(first_answer(port, "/v1/factors?limit=500"))["items"]
    asked = [f"exposure={one['exposure']['id']}&outcome=r-dwi" for one in edges]
    places = [*(f"/v1/evidence?{one}" for one in asked), *(f"/evidence?{one}" for one in asked), "/v1/factors?lesion=r-dwi", "/v1/gaps?"]
    return [f"{place}&min_n={least}&year_from={year}" for least, year, place in product(range(10, 60), range(1990, 2012), places)]


def main() -> None:
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as folder, server(RDWI, {"RDWI_SNAPSHOT": folder}) as (process, port):
        size = sum(len(first_answer(port, path)) for path in PATHS) // len(PATHS)
        show("kept", latencies(port, PATHS, seconds=60, clients=CLIENTS), 60)
        with server(serving(_BARE.format(size=size)), {}) as (_, bare):
            show("bare server", latencies(bare, ["/"], seconds=20, clients=CLIENTS), 20)
        paths = different(port)
        for minute in range(1, minutes + 1):
            taken = latencies(port, paths, seconds=60, clients=CLIENTS)
            show(f"minute {minute}", taken, 60)
            print(f"{'':<12} holds {resident_mib(process.pid):.0f} MiB", flush=True)
            each = len(taken) // CLIENTS + 1
            paths = [*paths[each:], *paths[:each]]


if __name__ == "__main__":
    main()
