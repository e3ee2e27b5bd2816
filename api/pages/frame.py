"""A view and its page: the template, the frame around it, and the headers that go with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from api.colours import STYLE
from api.pages.addresses import Addresses, query
from api.prefix import ROOT
from api.releases import ASKED, Asked
from graph import wording
from graph.questions import Question
from graph.stores.port import Reader, today
from graph.synthesis.method import method_of
from graph.wording import bedside, changes, debate, living, sentences
from schema.answer import Evidence
from schema.field import EvidenceField

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
# what the method's abbreviations mean; the field has its own
ABBREVIATIONS = {
    "CI": "confidence (or credible) interval",
    "GRADE": "Grading of Recommendations Assessment, Development and Evaluation",
    "HR": "hazard ratio",
    "OR": "odds ratio",
    "QUIPS": "Quality In Prognosis Studies",
    "REML": "restricted maximum likelihood",
    "ROBINS-I": "Risk Of Bias In Non-randomised Studies of Interventions",
    "RR": "risk ratio",
    "SD": "standard deviation",
    "SMD": "standardised mean difference",
}

# our own files and nothing else: no inline script, no inline style, no other host
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# of pages on disk, where a browser may not take a neighbouring file for its own
FILES_POLICY = (
    "default-src 'none'; style-src 'self' file:; script-src 'self' file:; img-src 'self' file:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class View:
    """What to show: a template of this package with its content; `asked` are the address's parameters as they were understood,
    `question` is what `answer` among the content answers.
    """

    template: str
    title: str
    content: Mapping[str, Any]
    path: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    question: Question | None = None


# several of what is abbreviated, and what nobody reads as text
_SEVERAL = re.compile(r"\b([A-Z]{2,})s\b")
_UNREAD = re.compile(r"<(textarea|script)\b.*?</\1>|<[^>]*>", re.DOTALL)


@pass_context
def _explained(context: Context, text: str) -> Markup:
    return explained(text, context["abbreviations"])


def explained(text: str, abbreviations: Mapping[str, str]) -> Markup:
    """The text, each abbreviation explained where it first stands."""
    seen: set[str] = set()

    def mark(found: re.Match[str]) -> str:
        word = found[1]
        if word in seen:
            return word
        seen.add(word)
        return f'<abbr title="{escape(abbreviations[word])}">{word}</abbr>'

    # of what is escaped already, so that nothing else becomes markup
    return Markup(_abbreviation(tuple(abbreviations)).sub(mark, str(escape(text))))  # noqa: S704


@cache
def _abbreviation(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])({'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})(?![\w-])")


@cache
def assets() -> str:
    """What tells one state of templates, style sheet and scripts from another."""
    digest = hashlib.sha256()
    for path in sorted(file for folder in (STATIC, FOLDER / "templates") for file in folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update(STYLE.encode())
    return digest.hexdigest()[:12]


@cache
def _environment() -> Environment:
    # svg takes its time to import, and who asks for JSON needs no figures
    from api import figures

    # StrictUndefined: a name that is missing is an error and no empty place on a page
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "words": sentences,
        "glance": bedside,
        "debate": debate,
        "living": living,
        "show": wording,
        "policy": FILES_POLICY,
        "draw": figures,
    }
    environment.tests["starting"] = lambda text, head: text.startswith(head)
    environment.filters |= {"explained": _explained, "svg": _trusted, "both": _both, "named": _named}
    return environment


def compile_templates() -> None:
    """Compile every template now, so that nobody waits for the first of its pages."""
    for name in _environment().list_templates():
        _environment().get_template(name)


@pass_context
def _named(context: Context, text: str) -> str:
    """The text with the names of studies in place of their ids."""
    return wording.named(text, context["labels"])


def _both(draw: Callable[..., str | None], *about: Any, **options: Any) -> Markup:
    """A figure in two widths, of which the style sheet shows the one that fits."""
    from api.figures import NARROW, WIDE

    wide, narrow = (draw(*about, **options, width=width, standalone=False) for width in (WIDE, NARROW))
    return Markup(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>') if wide and narrow else Markup()  # noqa: S704


def _trusted(svg: str | None) -> Markup:
    """A figure of our own making, whose texts are escaped where it is made."""
    return Markup(svg or "")  # noqa: S704


def text(view: View, reader: Reader, to: Addresses) -> str:
    """The page as text."""
    studies, field, asked = reader.papers().values(), reader.field(), ASKED.get()
    # of populations only those whose id is no word of its own
    places = {place.id: place.name for place in field.populations.values() if place.code}
    content = {
        **view.content,
        "labels": {**places, **{study.id: study.label for study in studies}, **view.content.get("labels", {})},
        "field": field,
        "abbreviations": {**ABBREVIATIONS, **field.abbreviations},
        "short": field.start.lesion or wording.within(reader.terms()[field.lesion]),
        "populations": field.populations,
        "method": method_of(field.constants),
        "studied": next((one.parameters["id"] for one in field.examples if one.question == "study"), next(iter(reader.studies()), "")),
        "release": reader.release(),
        "loaded": reader.loaded(),
        "until": published_until(reader),
        "made": today(),
        "then": _then(asked, view) if asked is not None else None,
        "address": quote(view.path, safe="/") + (f"?{told}" if (told := query({**view.asked, "release": None, "add": None})) else ""),
    }
    html = _environment().get_template(view.template).render(**content, title=view.title, here=view.path, asked=view.asked, to=to)
    # a form asks the release that is looked at, too
    kept = f'<input type="hidden" name="release" value="{escape(to.release)}">' if to.release else ""
    html = _FORM.sub(lambda form: form[0] + kept, html) if kept else html
    return _spelt_out(html, content["abbreviations"])


_FORM = re.compile(r'<form\b[^>]*method="get"[^>]*>')


def _then(asked: Asked, view: View) -> list[str]:
    """What is to be said of a page of a release that is not the current one."""
    answer = view.content.get("answer")
    if not isinstance(answer, Evidence):
        return changes.then(asked.entry, asked.gone)
    key = {name: answer.query[name] for name in ("exposure", "outcome", "population")}
    now = next(iter(asked.current.edges(**key)), None)
    return [*changes.then(asked.entry, asked.gone), changes.since(answer.before or answer.association, now)]


def _spelt_out(page: str, abbreviations: Mapping[str, str]) -> str:
    """The page with what its abbreviations mean, once, for paper and for those who can't hover."""
    told = _SEVERAL.sub(r"\1", _UNREAD.sub(" ", page.partition("<main")[2].partition("</main>")[0]))
    used = sorted({found[1] for found in _abbreviation(tuple(abbreviations)).finditer(told)}, key=str.lower)
    line = "; ".join(f"{escape(one)}: {escape(abbreviations[one])}" for one in used)
    return page.replace("<footer>\n", f"<footer>\n<p>Abbreviations: {line}.</p>\n", 1) if used else page


def bare(template: str, title: str, field: EvidenceField, **content: Any) -> str:
    """A page without a release: for errors, of which the store may be one."""
    empty: dict[str, Any] = {"asked": {}, "release": None, "until": None, "loaded": None, "then": None, "address": None}
    return _environment().get_template(template).render(**content, **empty, title=title, field=field, made=today())


def published_until(reader: Reader) -> int | None:
    """The year of the newest paper of the release."""
    return max((study.year for study in reader.papers().values() if study.year), default=None)


def respond(view: View, reader: Reader, status: int = 200) -> HTMLResponse:
    asked = ASKED.get()
    to = Addresses(assets(), ROOT.get(), asked.entry.release[:12] if asked is not None else None)
    return HTMLResponse(text(view, reader, to), status, {"Content-Security-Policy": POLICY})
