"""The addresses of pages and of the data behind them; `rdwi site` has its own, of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from api.report import REPORT, filled
from graph.questions.supposed import OWN

API = "/v1"


def query(asked: Mapping[str, Any]) -> str:
    """Parameters as they stand in an address; what is empty is left out."""
    pairs = []
    for name, value in asked.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is None or one == "" or one is False:
                continue
            pairs.append((name, "true" if one is True else str(one)))
    return urlencode(pairs)


class Addresses:
    """Where pages, data and assets are to be had from the server. None: not to be had."""

    live = True

    def __init__(self, assets: str, root: str = "", release: str | None = None) -> None:
        """`assets`: what tells one state of the style sheet and scripts from another; `root`: under which path all is shown; `release`: the
        kept one that is looked at, which all addresses then name.
        """
        self._assets, self._root, self.release = assets, root, release

    def page(self, path: str, /, **asked: Any) -> str | None:
        told = query({**asked, **({"release": self.release} if self.release and "release" not in asked else {})})
        return f"{self._root}{path}?{told}" if told else f"{self._root}{path}"

    def data(self, path: str, /, **asked: Any) -> str | None:
        return self.page(f"{API}{path}", **asked)

    def asset(self, name: str) -> str:
        return f"{self._root}/static/{name}?v={self._assets}"

    def report(self, **about: str) -> str | None:
        """Where to say that something is wrong, with what is told of it."""
        template = REPORT.get()
        return filled(template, about) if template is not None else None

    def cited(self, form: str, page: str, title: str) -> str | None:
        """A page as a reference."""
        return self.page("/cite", format=form, page=page, title=title)

    def study(self, study_id: str) -> str | None:
        if study_id.startswith(OWN):
            return None
        return self.page(f"/studies/{quote(study_id, safe='')}")

    def cohort(self, name: str) -> str | None:
        return self.page(f"/cohorts/{quote(name, safe='')}")

    def term(self, term_id: str) -> str | None:
        return self.page(f"/terms/{quote(term_id, safe='')}")

    def cell(self, exposure: str, outcome: str, population: str) -> str:
        """The address of a cell of the map of gaps."""
        return self.evidence(exposure, outcome, population) or ""

    def around(self, population: str) -> Callable[[str], str]:
        """The addresses of neighbourhoods in a population."""
        return lambda term: self.page("/graph", term=term, population=population) or ""

    def between(self, population: str) -> Callable[[str, str], str]:
        """The addresses of the evidence in a population."""
        return lambda exposure, outcome: self.evidence(exposure, outcome, population) or ""

    def evidence(self, exposure: str, outcome: str, population: str, **filters: Any) -> str | None:
        return self.page("/evidence", exposure=exposure, outcome=outcome, population=population, **filters)
