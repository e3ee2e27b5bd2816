"""Requests a second of the headline question, warm, beside a static response of the same bytes: `python -m benchmarks.http`.

The static route is added to the same application on the same server; both are asked in turn, and the median of the ratios is printed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile

from benchmarks.serving import first_answer, requests_per_second, server, serving

_QUESTION = "/v1/factors?population=caa"
_SERVE = serving(
    "from fastapi.responses import Response\n"
    "from starlette.testclient import TestClient\n"
    "from api.app import create_app\n"
    "from graph.opening import open_store\n"
    "from graph.settings import Settings\n"
    "app = create_app(open_store(Settings()))\n"
    f"body = TestClient(app).get('{_QUESTION}').content\n"
    "app.get('/static')(lambda: Response(body, media_type='application/json'))\n"
)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder, server(_SERVE, {"RDWI_SNAPSHOT": folder}) as (_, port):
        same = first_answer(port, _QUESTION) == first_answer(port, "/static")
        figures = [(requests_per_second(port, _QUESTION), requests_per_second(port, "/static")) for _ in range(rounds)]
    headline = statistics.median(one for one, _ in figures)
    static = statistics.median(one for _, one in figures)
    ratio = statistics.median(one / other for one, other in figures)
    print(f"headline {headline:.0f}/s, static response of the same bytes {static:.0f}/s, ratio {ratio:.2f} (same bytes: {same})")


if __name__ == "__main__":
    main()
