"""Where readers say that something is wrong: RDWI_REPORT_URL, an address with places to fill in."""

from __future__ import annotations

from contextvars import ContextVar
from urllib.parse import quote, urlencode, urlsplit

# of the app that answers; None: there is nowhere
REPORT: ContextVar[str | None] = ContextVar("REPORT", default=None)


def filled(template: str, about: dict[str, str]) -> str:
    """The address, with `{page}`, `{release}`, `{row}` and `{place}` filled in; one without places gets them behind the ?."""
    told = {name: about.get(name, "") for name in ("page", "release", "row", "place")}
    if not any(f"{{{name}}}" in template for name in told):
        return f"{template}{'&' if urlsplit(template).query else '?'}{urlencode({name: one for name, one in told.items() if one})}"
    for name, one in told.items():
        template = template.replace(f"{{{name}}}", quote(one, safe=""))
    return template
