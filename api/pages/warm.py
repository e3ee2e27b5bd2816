"""What the first reader would wait for, done before anyone asks: libraries, templates, and figures that are worked out once."""

from __future__ import annotations

from contextlib import suppress

from api.pages.across import gaps_view
from api.pages.addresses import Addresses
from api.pages.associations import evidence_view
from api.pages.frame import assets, compile_templates, text
from api.pages.routes import GAPS
from api.pages.start import start_view
from graph.questions import Evidence, Factors, Gaps, Page
from graph.stores.port import Reader, Store
from schema.errors import RdwiError


def warm(store: Store) -> None:
    """Make the pages that take longest once. A store that is away is none of its business: who asks is told."""
    compile_templates()
    with suppress(RdwiError):
        store.ask(_make)


def _make(reader: Reader) -> None:
    first = Factors(page=Page(limit=1)).answer(reader).items
    asked = [Evidence(exposure=one.exposure.id, outcome=one.outcome.id) for one in first]
    for view in (start_view(reader), gaps_view(reader, Gaps(), GAPS), *(evidence_view(reader, question) for question in asked)):
        text(view, reader, Addresses(assets()))
