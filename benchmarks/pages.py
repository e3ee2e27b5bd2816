"""The pages: `python -m benchmarks.pages [rounds]`. Milliseconds at the server, beside the same question as JSON; first paint; kilobytes.

Each page is made anew each time (no answer is kept), in turn with the same question as JSON, by the same application in this process; the
median of the rounds is printed, and the first time after the warming that a server does by itself, in which figures are worked out that
later ones remember; of evidence, every page of the corpus is asked for the first time. CPU time tells what a page takes where others use
the machine, too. First paint and kilobytes are of a server in a process of its own and of a browser that has
kept nothing.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from starlette.testclient import TestClient

from api.app import create_app
from api.cache import Answers
from api.pages.warm import warm
from benchmarks.serving import RDWI, first_answer, server
from graph.build import build
from graph.opening import shipped, shipped_studies
from graph.questions import Factors
from graph.stores.memory import MemoryStore

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

_PAINT = "performance.getEntriesByName('first-contentful-paint')"
_TYPED = """([text]) => new Promise(done => {
  const begin = performance.now(), box = document.getElementById("add-1");
  new MutationObserver(() => { if (document.querySelector(".changed").textContent.includes(text)) done(performance.now() - begin); })
    .observe(document.querySelector("[data-live=told]"), {childList: true});
  box.value = text;
  box.dispatchEvent(new Event("input", {bubbles: true}));
})"""
_MICROBLEEDS = "exposure=cerebral-microbleeds&outcome=r-dwi"
_PAGES = {
    "/": "/v1/factors",
    "/factors": "/v1/factors",
    "/factors?adjusted=true": "/v1/factors?adjusted=true",
    "/factors?population=caa&indirect=true": "/v1/factors?population=caa&indirect=true",
    "/outcomes": "/v1/outcomes",
    "/contested": "/v1/contested",
    f"/evidence?{_MICROBLEEDS}": f"/v1/evidence?{_MICROBLEEDS}",
    "/evidence?exposure=intensive-bp-lowering&outcome=r-dwi": "/v1/evidence?exposure=intensive-bp-lowering&outcome=r-dwi",
    "/evidence?exposure=acute-bp-reduction&outcome=r-dwi": "/v1/evidence?exposure=acute-bp-reduction&outcome=r-dwi",
    "/compare": "/v1/compare",
    "/prevalence": "/v1/prevalence",
    "/mechanisms": "/v1/mechanisms",
    "/gaps": "/v1/gaps",
    "/graph": "/v1/terms/r-dwi/neighbours",
    "/studies": "/v1/studies?limit=100",
    "/studies/kidwell-2017": "/v1/studies/kidwell-2017",
    "/cohorts": "/v1/cohorts",
    "/terms": "/v1/terms?limit=100",
    "/terms/r-dwi": "/v1/terms/r-dwi/neighbours",
    "/method": "/v1/schema",
    "/search?q=microbleed": "/v1/terms?q=microbleed",
}


class _Taken(NamedTuple):
    """Milliseconds, by the clock and of the processor; bytes."""

    clock: float
    cpu: float
    size: int


def _taken(client: TestClient, address: str) -> _Taken:
    begin, used = time.perf_counter(), time.process_time()
    response = client.get(address)
    taken = _Taken(1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - used), len(response.content))
    if response.status_code != 200:
        raise RuntimeError(f"{address}: {response.status_code}")
    return taken


def at_the_server(rounds: int) -> None:
    store = MemoryStore(build(shipped_studies(shipped()), shipped()))
    keeping = Answers._keep
    Answers._keep = lambda *_: None  # type: ignore[method-assign]
    try:
        with TestClient(create_app(store)) as client:
            # as a server does by itself
            warm(store)
            _taken(client, "/cohorts")
            print(f"{'page (ms)':58} {'first':>6} {'again':>6} {'CPU':>6} {'JSON':>6} {'CPU':>6} {'kB':>5}")
            for page, same in _PAGES.items():
                first = _taken(client, page)
                pairs = [(_taken(client, page), _taken(client, same)) for _ in range(rounds)]
                clock, cpu, json, json_cpu = (
                    statistics.median(getattr(pair[side], what) for pair in pairs) for side in (0, 1) for what in ("clock", "cpu")
                )
                over = "" if max(first.clock, clock) <= (60 if page.startswith("/evidence") else 100) else "  over the bar"
                print(f"{page:58} {first.clock:6.0f} {clock:6.0f} {cpu:6.0f} {json:6.0f} {json_cpu:6.0f} {first.size / 1000:5.0f}{over}")
            every = sorted(_taken(client, f"/evidence?{address}").clock for address in _evidence(store))
            print(f"each of {len(every)} evidence pages, first asked: median {statistics.median(every):.0f} ms, most {every[-1]:.0f} ms")
    finally:
        Answers._keep = keeping  # type: ignore[method-assign]


def a_list(rounds: int) -> None:
    """The forest of the whole list of factors."""
    from api.figures import summary_forest

    reader = MemoryStore(build(shipped_studies(shipped()), shipped())).reader()
    answer = Factors().answer(reader)
    taken = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        summary_forest(answer, reader.terms(), reader.field().plurals, reader.field().abbreviations)
        taken.append(1000 * (time.perf_counter() - begin))
    over = "" if statistics.median(taken[1:]) <= 40 else "  over the bar"
    print(f"summary forest of {len(answer.items)} factors: first {taken[0]:.0f} ms, again {statistics.median(taken[1:]):.0f} ms{over}")


def _evidence(store: MemoryStore) -> list[str]:
    edges = [one.key for one in store.reader().edges()]
    return [f"exposure={exposure}&outcome={outcome}&population={population}" for exposure, outcome, population in edges]


def _listening(page: Page) -> list[Request]:
    """What the page asks for, from now on."""
    finished: list[Request] = []

    def note(request: Request) -> None:
        finished.append(request)

    page.on("requestfinished", note)
    return finished


def _bytes(request: Request) -> int:
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def in_chromium(rounds: int) -> None:
    from playwright.sync_api import sync_playwright

    program = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if program is None:
        print("no Chromium on PATH: first paint not measured")
        return
    with tempfile.TemporaryDirectory() as folder, server(RDWI, {"RDWI_SNAPSHOT": folder}) as (_, port), sync_playwright() as playwright:
        first_answer(port, "/")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for path in ("/", "/factors", f"/evidence?{_MICROBLEEDS}", "/v1/factors"):
            painted, sizes = [], []
            for _ in range(rounds):
                # nothing is kept from one to the next
                with browser.new_context() as context:
                    page = context.new_page()
                    finished = _listening(page)
                    page.goto(f"http://127.0.0.1:{port}{path}", wait_until="networkidle")
                    page.wait_for_function(f"{_PAINT}.length")
                    painted.append(page.evaluate(f"{_PAINT}[0].startTime"))
                    sizes.append(sum(_bytes(one) for one in finished))
            name = f"{path} (as JSON)" if path.startswith("/v1") else path
            print(f"{name:58} first paint {statistics.median(painted):5.0f} ms (slowest {max(painted):.0f}), {max(sizes) / 1000:.0f} kB")
        followed = [_followed(browser, port, cases) for cases in range(10, 10 + rounds)]
        print(f"{'change my mind, from the last key to the answer':58} {statistics.median(followed):5.0f} ms (slowest {max(followed):.0f})")
        browser.close()


def _followed(browser: Browser, port: int, cases: int) -> float:
    """Milliseconds until what is typed is answered; 50 of them are waited for another key."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/evidence?{_MICROBLEEDS}", wait_until="networkidle")
        page.locator("#change > summary").click()
        box = page.get_by_label("Add a study of your own")
        box.fill(f"{cases}/40 vs 5/6")
        page.locator(".changed").wait_for()
        taken: float = page.evaluate(_TYPED, [f"{cases}/40 vs 5/60"])
        return taken


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    at_the_server(rounds)
    a_list(rounds)
    in_chromium(rounds)


if __name__ == "__main__":
    main()
