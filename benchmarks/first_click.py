"""The first answers of a server over a large snapshot: `python -m benchmarks.first_click [N ...]`, N synthetic findings.

Of each question of a release that was just opened the clock and the processor time, beside the same question asked of other terms then;
last what the server holds before, and when it has answered 1,000 different questions. A machine that does other things shows in the clock.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.serving import RDWI, first_answer, resident_mib, server
from benchmarks.synthetic import synthetic
from graph.build import Associations, lay_out, set_aside, without_collections
from graph.opening import shipped, shipped_digest
from graph.stores import snapshot

QUESTIONS = {
    "headline": "/v1/factors?lesion=r-dwi{0}",
    "evidence": "/v1/evidence?exposure=cerebral-microbleeds{0}&outcome=r-dwi{0}",
    "filtered": "/v1/factors?lesion=r-dwi{0}&min_n=50",
    "left out": "/v1/evidence?exposure=white-matter-hyperintensities{0}&outcome=r-dwi{0}&exclude=menon-2012{0}",
    "outcomes": "/v1/outcomes?exposure=r-dwi{0}&population=caa",
    "prevalence": "/v1/prevalence?lesion=r-dwi{0}&year_from=2000",
    "study": "/v1/studies/menon-2012{0}",
    "page": "/evidence?exposure=cerebral-microbleeds{0}&outcome=r-dwi{0}",
}


def written(findings: int, folder: Path) -> int:
    """A snapshot of that many findings; how many copies of the corpus it took."""
    studies, field = synthetic(findings)
    with without_collections():
        graph = lay_out(studies, field)
    assert isinstance(graph.associations, Associations)
    graph.associations.spread()
    with set_aside():
        snapshot.write(graph, folder / snapshot.NAME, shipped_digest(shipped()))
    return int(studies[-1].id.rpartition("-c")[2])


def processor(pid: int) -> float:
    """Seconds that a process has run."""
    ran = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ran[11]) + int(ran[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    for size in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]:
        with tempfile.TemporaryDirectory() as folder:
            copies = written(size, Path(folder))
            begin = time.perf_counter()
            with server(RDWI, {"RDWI_SNAPSHOT": folder}) as (process, port):
                first_answer(port, "/healthz")
                print(f"{size} findings: listens after {time.perf_counter() - begin:.2f} s, holds {resident_mib(process.pid):.0f} MiB")
                for name, address in QUESTIONS.items():
                    for asked, copy in (("first", ""), ("then", "-c1")):
                        begin, ran = time.perf_counter(), processor(process.pid)
                        first_answer(port, address.format(copy))
                        clock, ran = time.perf_counter() - begin, processor(process.pid) - ran
                        print(f"  {name:<10} {asked:<5} {clock:>6.2f} s, processor {ran:>5.2f} s")
                    print(f"  {'':<10} holds {resident_mib(process.pid):.0f} MiB", flush=True)
                more = [address.format(f"-c{copy}") for copy in range(2, copies) for address in QUESTIONS.values()][:1000]
                begin = time.perf_counter()
                for address in more:
                    first_answer(port, address)
                print(f"  {len(more)} more in {time.perf_counter() - begin:.0f} s: holds {resident_mib(process.pid):.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
