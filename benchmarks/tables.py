"""Time and memory of reading a workbook of 10,000 findings: `python -m benchmarks.tables [N]`.

The reference is openpyxl's own plain reading of the same file. Each is measured in a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def _write(path: Path, findings: int) -> None:
    from graph.opening import shipped, shipped_studies
    from loaders.tables import writing

    corpus = shipped_studies(shipped())
    copies = -(-findings // sum(len(study.findings) for study in corpus))
    # each a paper of its own; a PMID has no room for another figure
    names = ("doi", "pmcid")
    studies = [
        study.model_copy(
            update={"id": f"{study.id}-c{i}", "pmid": None, **{name: f"{told}{i}" for name in names if (told := getattr(study, name))}}
        )
        for i in range(copies)
        for study in corpus
    ]
    path.write_bytes(writing.workbook(studies))
    text, _ = writing.flat(studies)
    path.with_suffix(".csv").write_text(text, encoding="utf-8", newline="")


def _one(what: str, path: Path) -> None:
    from graph.opening import shipped

    shipped()
    start, cpu = time.perf_counter(), time.process_time()
    if what == "openpyxl":
        import openpyxl

        book = openpyxl.load_workbook(path)
        count = sum(sheet.max_row - 1 for sheet in book.worksheets if sheet.title == "findings")
    else:
        from graph.synthesis.remarks import remarks
        from loaders.sheets import load

        loaded = load([path], shipped(), judge=remarks)
        assert not loaded.errors, loaded.errors[0]
        count = sum(len(study.findings) for study in loaded.studies)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"findings": count, "seconds": seconds, "cpu": cpu, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main() -> None:
    if "--one" in sys.argv:
        _one(sys.argv[-2], Path(sys.argv[-1]))
        return
    findings = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        _write(path, findings)
        print(f"{'':28} {'findings':>9} {'seconds':>9} {'CPU seconds':>12} {'vs openpyxl':>12} {'peak MiB':>9}")
        first = None
        for name, what, file in (
            ("openpyxl, plain reading", "openpyxl", path),
            ("workbook to studies", "load", path),
            ("flat CSV to studies", "load", path.with_suffix(".csv")),
        ):
            command = [sys.executable, "-m", "benchmarks.tables", "--one", what, str(file)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            first = first or told["cpu"]
            print(
                f"{name:28} {told['findings']:>9} {told['seconds']:>9.2f} {told['cpu']:>12.2f} "
                f"{told['cpu'] / first:>11.2f}x {told['mib']:>9.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
