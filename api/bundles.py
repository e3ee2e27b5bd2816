"""One answer as a ZIP: all that is needed to check it, cite it and ask it again. The same answer gives the same bytes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

from api import asked, rlines
from api.figures import evidence_plot
from api.tables import delimited
from graph import citations, questions
from graph.questions.lookups import package_version
from graph.stores.port import Reader
from graph.synthesis.method import METHOD
from schema.answer import Evidence
from schema.association import Row

_WHAT = {
    "answer.json": "the whole answer, as /v1/evidence gives it",
    "question.json": "the question as it was understood (population with its parts, filters), the release, the versions",
    "figure.svg": "the figure of it, which stands alone: estimates, or what each study reports",
    "rows.csv": "every row, and how it was used: pooled, votes or only shown, and why",
    "pooled.R": "R lines that pool the estimates anew and compare: Rscript pooled.R",
    "papers.ris": "the papers of all rows, for EndNote, Zotero, Mendeley and others",
    "papers.bib": "the same in BibTeX",
    "papers.json": "the same in CSL-JSON",
}


def packed(reader: Reader, asks: questions.Evidence, answer: Evidence) -> bytes:
    """The ZIP of an answer of this reader's release."""
    # by ids, so that it is asked the same way whatever names are added
    question = asks.model_copy(update={key: answer.query[key] for key in ("exposure", "outcome", "population")})
    files = dict(_files(reader, question, answer))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in [("README.txt", _readme(reader, question, answer, list(files))), *files.items()]:
            # of a fixed date: the content alone tells one from another
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _files(reader: Reader, question: questions.Evidence, answer: Evidence) -> Iterator[tuple[str, str]]:
    yield "answer.json", answer.model_dump_json(indent=2) + "\n"
    yield "question.json", json.dumps(_question(question, answer), ensure_ascii=False, indent=2) + "\n"
    yield "figure.svg", evidence_plot(answer, reader.field().title)
    yield "rows.csv", delimited(answer.rows, Row, ",")
    if answer.association is not None:
        script = rlines.of_answer(question.supposing(reader), answer)
        if script is not None:
            yield "pooled.R", script
    behind = citations.behind(answer)
    for form, ending in citations.ENDINGS.items():
        yield f"papers.{ending}", citations.of_studies(reader, behind, form)


def _question(question: questions.Evidence, answer: Evidence) -> dict[str, object]:
    return {
        "question": question.called(),
        "query": answer.query,
        "release": answer.release,
        "versions": {"rdwi-graph": package_version(), "method": METHOD.served()["version"]},
        "unknown_dropped": answer.unknown_dropped,
        "address": asked.address(question),
        "command": asked.command(question),
    }


def _readme(reader: Reader, asks: questions.Evidence, answer: Evidence, files: list[str]) -> str:
    question = _question(asks, answer)
    one = answer.association
    terms = reader.terms()
    said = one.caption if one is not None else answer.why.text if answer.why is not None else "nothing is known"
    title = f"{terms[answer.query['exposure']].name} > {terms[answer.query['outcome']].name}, population {answer.query['population']}"
    dropped = f"{answer.unknown_dropped} rows left out because it is not known whether they match the filters."
    method = METHOD.served()["version"]
    paragraphs: list[list[str | None]] = [
        [title, said, answer.note, dropped if answer.unknown_dropped else None, "Evidence summary, not medical advice."],
        [
            f"Release {answer.release} of the {reader.field().title}, rdwi-graph {package_version()}, method {method}.",
            f"Asked as  {question['command']}",
            f"or        {question['address']}",
        ],
        [f"{file:<14}{_WHAT[file]}" for file in files],
        [] if "pooled.R" in files else ["There are no R lines: no two estimates can be pooled."],
    ]
    return "\n\n".join("\n".join(filter(None, lines)) for lines in paragraphs if lines) + "\n"
