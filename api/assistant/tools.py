"""The questions as tools: what each takes, and what it is answered in short. `study`, `releases` and `diff` are no questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

from api import asked as again
from api.assistant import answers, short
from api.assistant.answers import Reply, Source, Status
from graph import questions
from graph.citations import behind
from graph.questions import QUESTIONS, Parameter, Question, lookups, releases
from graph.questions.question import RELEASE
from graph.stores.port import Reader, Store
from graph.wording.changes import changes
from graph.wording.living import marked
from schema.answer import Why
from schema.errors import BadParameter, UnknownName, briefly
from schema.field import EvidenceField
from schema.releases import Moved, ReleaseEntry

READING = (
    "Read `status` first: not-studied: nothing is known; studied-inconclusive: no clear direction, which is not evidence of no effect; "
    "unknown-name: a name was not understood. certainty: how far it can be trusted, with reasons; weight (0.5 to 0.999): the probability "
    "that the average effect has the direction told, no effect size. No proof of cause. Name the papers in `sources`. A summary, "
    "not medical advice."
)
# of an answer: JSON of figures has two and a half characters a token or more, so this is less than 25,000 tokens
LONGEST = 60_000
_MOVED = 40
_FORM = {
    "type": ["string", "null"],
    "enum": ["short", "full", None],
    "description": "short, or full: also the whole items, with every figure and row",
}
_MEANT: dict[Status, str] = {
    "answered": "Studies of this release say something of it.",
    "studied-inconclusive": "It was studied, and shows no clear direction. That is not evidence of no effect.",
    "not-studied": "Not studied: nothing is known of it, in neither direction.",
    "filtered-out": "The filters left nothing; that says nothing of what there is without them.",
    "unknown-name": "A name was not understood; nothing was asked.",
}


class Short(NamedTuple):
    """How a question is answered in short.

    `items`: what of the answer is said; `meant`: what a status means here; `about`: of how many items, the first, the status is; `limit`:
    how many of a list, where it is left out.
    """

    model: type[BaseModel]
    shorten: Callable[[Any], BaseModel]
    items: Callable[[Any], Sequence[BaseModel]] = lambda answer: answer.items
    meant: Mapping[Status, str] = {}
    about: int | None = None
    limit: int = 10


SHORT: dict[type[Question], Short] = {
    questions.Factors: Short(answers.ShortAssociation, short.association),
    questions.Outcomes: Short(answers.ShortAssociation, short.association),
    questions.Contested: Short(answers.ShortAssociation, short.association),
    questions.Evidence: Short(answers.ShortEvidence, short.evidence, lambda answer: [answer] if answer.association is not None else []),
    questions.Compare: Short(answers.ShortComparison, short.comparison),
    questions.Paths: Short(
        answers.ShortChain,
        short.chain,
        meant={"answered": "There are chains. Each is as strong as its weakest link, and none is a proof of cause."},
        limit=5,
    ),
    questions.Gaps: Short(
        answers.ShortGap,
        short.gap,
        meant={"answered": "These cells are where little or nothing is known; each has its standing."},
        about=0,
    ),
    questions.Prevalence: Short(
        answers.ShortPrevalence,
        short.prevalence,
        lambda answer: [answer.prevalence, *answer.populations],
        {
            "answered": "Cohorts of this release were counted.",
            "studied-inconclusive": "Counts are printed, and none of them can stand for the population: they are shown, not pooled.",
        },
        1,
    ),
    questions.Mechanisms: Short(
        answers.ShortMechanism, short.mechanism, meant={"answered": "Papers claim something of it. Claims are no measurements."}
    ),
    questions.Studies: Short(answers.ShortStudy, short.listed_study, meant={"answered": "Papers of this release."}, limit=20),
    questions.Cohorts: Short(
        answers.ShortCohort, short.cohort, meant={"answered": "Cohorts by the names that papers give them."}, limit=20
    ),
    questions.Terms: Short(
        answers.ShortTerm,
        short.listed_term,
        meant={"answered": "Terms of the vocabulary. One without findings was never studied."},
        limit=20,
    ),
    questions.Neighbours: Short(answers.ShortAssociation, short.association, lambda answer: (*answer.as_exposure, *answer.as_outcome)),
}
_STUDY = Short(answers.ShortStudy, short.study, lambda answer: [answer], {"answered": "A paper of this release."})


class Tool(NamedTuple):
    """`takes` and `gives`: JSON schemas of its arguments and of its answer."""

    name: str
    description: str
    takes: dict[str, Any]
    gives: dict[str, Any]
    ask: Callable[[Store, Mapping[str, Any]], Reply[Any]]


def tools() -> list[Tool]:
    """Every tool: the questions, and the look-up of a study."""
    release = {"type": ["string", "null"], "description": RELEASE}
    study = {"id": {"type": "string", "description": "the study's id, DOI, PMID or PMCID"}, "release": release, "form": _FORM}
    two = {"before": {"type": "string", "description": "8 digits of a release or more"}, "after": release}
    about = "One paper; form full gives its extraction sheet and how each of its rows was read."
    return [
        *(_tool(question) for question in QUESTIONS),
        Tool("study", f"{about} {READING}", _object(study, ["id"]), _gives(_STUDY.model), _study),
        Tool("releases", "The releases that are kept.", _object({}, []), _gives(ReleaseEntry), _releases),
        Tool("diff", "The associations that moved from one release to another.", _object(two, ["before"]), _gives(Moved), _diff),
    ]


def _tool(question: type[Question]) -> Tool:
    about = SHORT[question]
    properties: dict[str, Any] = {}
    filters = {one.name: _schema(one) for one in question.parameters() if one.part == "filters"}
    for one in question.parameters():
        if one.part == "filters":
            meant = "rows known to match; unknown_dropped counts others"
            properties["filters"] = {**_object(filters, []), "type": ["object", "null"], "description": meant}
        else:
            properties[one.assistant] = _schema(one)
    if "limit" in properties:
        properties["limit"]["description"] = f"how many items; {about.limit} where left out"
    takes = _object({**properties, "form": _FORM}, [one.assistant for one in question.parameters() if one.needed])

    def ask(store: Store, given: Mapping[str, Any]) -> Reply[Any]:
        form = given.get("form") or "short"
        names = {one.assistant: one.name for one in question.parameters() if one.part != "filters"}
        asked = {names.get(name, name): value for name, value in given.items() if name != "form" and value is not None}
        _refuse(form, set(asked) - set(names.values()) - {"filters"}, takes)
        if "limit" in names:
            asked.setdefault("limit", about.limit)
        return _answer(store, question.of(asked), about, form)

    return Tool(question.called(), f"{question.__doc__} {READING}", takes, _gives(about.model), ask)


def _study(store: Store, given: Mapping[str, Any]) -> Reply[Any]:
    form = given.get("form") or "short"
    _refuse(form, set(given) - {"id", "release", "form"}, _object({"id": 0, "release": 0, "form": 0}, []))
    name = given.get("id")
    if not isinstance(name, str):
        raise BadParameter("id", "The parameter 'id' is needed.")
    return _answered(store, lambda reader: lookups.study(reader, name), _STUDY, form, f"/v1/studies/{name}", given.get("release"))


def _releases(store: Store, given: Mapping[str, Any]) -> Reply[Any]:
    _refuse("short", set(given), _object({}, []))
    kept = releases.releases(store)
    text = "The releases that are kept, newest first. Ask any of them by `release`; diff says what changed between two."
    return Reply[Any](status="answered", text=text, total=kept.total, shown=kept.total, items=kept.items)


def _diff(store: Store, given: Mapping[str, Any]) -> Reply[Any]:
    _refuse("short", set(given) - {"before", "after"}, _object({"before": 0, "after": 0}, []))
    before, after = given.get("before"), given.get("after") or "current"
    if not isinstance(before, str) or not isinstance(after, str):
        raise BadParameter("before", "The parameter 'before' is needed: 8 digits of a release or more.")
    try:
        found = releases.diff(store, before, after)
    except UnknownName as error:
        return Reply[Any](status="unknown-name", text=f"{error} {_MEANT['unknown-name']}", suggestions=tuple(error.suggestions))
    shown = found.items[:_MOVED]
    more = f"{len(shown)} of {found.total} are here: all are at /v1/diff of the REST API." if len(shown) < found.total else None
    return Reply[Any](
        status="answered", text=changes(found), release=found.after.release, total=found.total, shown=len(shown), more=more, items=shown
    )


def _refuse(form: str, unknown: set[str], takes: Mapping[str, Any]) -> None:
    if unknown:
        raise BadParameter(min(unknown), f"There is no parameter {min(unknown)!r} here.", list(takes["properties"]))
    if form not in {"short", "full"}:
        raise BadParameter("form", f"{form!r} is no value of 'form'.", ["short", "full"])


def _schema(one: Parameter) -> dict[str, Any]:
    """A parameter as JSON schema. Null is as if left out, and one value stands for a list of one."""
    kinds = [{int: "integer", float: "number", bool: "boolean"}.get(one.kind, "string")]
    bounds = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
    limits = {bounds[name]: getattr(rule, name) for rule in one.info.metadata for name in bounds if hasattr(rule, name)}
    values = [value for value in one.values if value]
    single = {**limits, **({"enum": values} if values else {})}
    if one.several:
        # a list is not repeated
        told = one.help.replace(" (repeat)", "")
        return {"type": ["array", "string", "null"], "description": told, "items": {"type": kinds[0], **single}}
    if one.needed:
        return {"type": kinds[0], **single, "description": one.help}
    return {"type": [*kinds, "null"], **limits, **({"enum": [*values, None]} if values else {}), "description": one.help}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    needed = {"required": required} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


def _gives(model: type[BaseModel]) -> dict[str, Any]:
    """An answer as JSON schema, as short as it can be told: assistants are sent that of every tool, and READING says what counts."""
    inner = model.model_json_schema()
    common = Reply[Any].model_json_schema()["properties"]
    names = {name: {"type": about["type"]} if "type" in about else {} for name, about in common.items()}
    item = {name: {"description": about["description"]} if "description" in about else {} for name, about in inner["properties"].items()}
    return {
        "type": "object",
        "properties": {
            **names,
            "status": {"enum": common["status"]["enum"]},
            "items": {"type": "array", "items": {"type": "object", "properties": item}},
        },
        "required": ["status", "text"],
    }


def _answer(store: Store, question: Question, about: Short, form: str) -> Reply[Any]:
    reply = _answered(store, question.answer, about, form, again.address(question), question.at.release)
    text = getattr(question, "q", None)
    if isinstance(question, questions.Terms) and reply.status == "filtered-out" and text and not reply.total:
        near = store.ask(lambda reader: reader.terms().suggest(text), question.at.release)
        nearest = f" Nearest: {', '.join(near)}." if near else ""
        update = {"status": "unknown-name", "text": f"No term matches {briefly(text)!r}.{nearest}", "suggestions": tuple(near)}
        return reply.model_copy(update=update)
    return reply


def _answered(store: Store, ask: Callable[[Reader], Any], about: Short, form: str, address: str, release: str | None = None) -> Reply[Any]:
    """The answer, as much of it as an assistant can take: fewer items, else the only one without its whole, else with fewer rows."""
    try:
        return store.ask(lambda reader: _fitted(reader, ask(reader), about, form, address), release)
    except UnknownName as error:
        text = f"{error} {_MEANT['unknown-name']}"
        return Reply[Any](status="unknown-name", text=text, suggestions=tuple(error.suggestions))


def _fitted(reader: Reader, answer: Any, about: Short, form: str, address: str) -> Reply[Any]:
    items = about.items(answer)
    offset = getattr(answer, "offset", 0)
    whole = form == "full"
    shown, rows = len(items), None
    while True:
        more = None
        if shown < len(items):
            then = f"ask again with offset {offset + shown}" if hasattr(answer, "offset") else f"all are at {address} of the REST API"
            more = f"{shown} of {len(items)} items are here, as more would be too long: {then}."
        elif form == "full" and not whole:
            more = f"The whole item is too long to stand here: it is at {address} of the REST API, and as a file by rdwi."
        if rows is not None:
            more = f"The first {rows} rows are here, as more would be too long: ask with filters, or see {address} of the REST API."
        reply = _reply(reader, answer, items[:shown], about, whole=whole, rows=rows, more=more)
        size = len(reply.model_dump_json())
        if size <= LONGEST or rows == 0:
            return reply
        if shown > 1:
            shown = max(1, min(shown - 1, shown * LONGEST // size))
        elif whole:
            whole = False
        else:
            there = len(getattr(reply.items[0], "rows", ()))
            rows = max(0, min(there - 1, there * LONGEST // size))


def _reply(
    reader: Reader, answer: Any, items: Sequence[BaseModel], about: Short, *, whole: bool, rows: int | None, more: str | None
) -> Reply[Any]:
    shown = tuple(about.shorten(one) for one in items)
    papers = {study for one in items for study in behind(one)}
    if rows is not None:
        shown = tuple(one.model_copy(update={"rows": one.rows[:rows]}) for one in shown)  # type: ignore[attr-defined]
        papers &= {row.study for one in shown for row in one.rows}  # type: ignore[attr-defined]
        shown = tuple(one.model_copy(update={"studies": tuple(sorted(papers))}) for one in shown)
    why = getattr(answer, "why", None)
    status = _status(why, shown[: about.about])
    query = getattr(answer, "query", {})
    return Reply[about.model](  # type: ignore[name-defined]
        status=status,
        text=_text(reader.field(), status, {**_MEANT, **about.meant}[status], query, why),
        query=query,
        release=answer.release,
        total=getattr(answer, "total", len(about.items(answer))),
        shown=len(items),
        more=more,
        unknown_dropped=getattr(answer, "unknown_dropped", 0),
        note=getattr(answer, "note", None),
        items=shown,
        full=tuple(one.model_dump(mode="json") for one in items) if whole else None,
        sources=_sources(reader, papers),
    )


def _status(why: Why | None, shown: Sequence[BaseModel]) -> Status:
    """The best of the items' standings; items without one are an answer by being there."""
    if why is not None:
        return why.status
    cells = [cell for one in shown for cell in (one.cells if isinstance(one, answers.ShortComparison) else (one,))]
    standings = {getattr(cell, "standing", "studied") for cell in cells}
    if "studied" in standings or not standings:
        return "answered"
    return "studied-inconclusive" if "studied-inconclusive" in standings else "not-studied"


def _text(field: EvidenceField, status: Status, meant: str, query: dict[str, Any], why: Why | None) -> str:
    parts = [meant]
    if why is not None:
        parts.append(why.text)
        if status == "filtered-out" and why.filter != "offset":
            parts.append(f"Without the filters there are {why.without}.")
    if "turned_from" in query:
        turned = query.get("lesion") or query.get("outcome") or query.get("to")
        parts.append(f"You asked of {query['turned_from']}; the answer is of its opposite, {turned}, so read directions for that.")
    if query.get("population") == field.population:
        parts.append(f"The population is {field.short(field.population)} with all its parts.")
    return " ".join(parts)


def _sources(reader: Reader, papers: set[str]) -> tuple[Source, ...]:
    everything = reader.studies()
    return tuple(
        Source(id=one.id, label=marked(one), title=one.title, year=one.year, doi=one.doi, pmid=one.pmid, read=one.read)
        for one in (everything[study] for study in sorted(papers))
    )
