"""What the first reader would wait for, done before anyone asks: libraries, templates, and figures that are worked out once."""

from __future__ import annotations

from contextlib import suppress

from api.pages.across import gaps_view
from api.pages.addresses import Addresses
from api.pages.associations import evidence_view
from api.pages.frame import assets, compile_templates, text
from api.pages.start import start_view
from api.routes.across import GapsQuery
from api.routes.associations import EvidenceQuery
from graph.questions import questions
from graph.questions.lists import Page
from graph.stores.port import Reader, Store
from schema.errors import RdwiError


def warm(store: Store) -> None:
    """Make the pages that take longest once. A store that is away is none of its business: who asks is told."""
    compile_templates()
    with suppress(RdwiError):
        store.ask(_make)


def _make(reader: Reader) -> None:
    first = questions.factors(reader, page=Page(1)).items
    asked = [EvidenceQuery.model_validate({"exposure": one.exposure.id, "outcome": one.outcome.id}) for one in first]
    for view in (start_view(reader), gaps_view(reader, GapsQuery.model_validate({})), *(evidence_view(reader, query) for query in asked)):
        text(view, reader, Addresses(assets()))
