"""The colours of figures, and the style sheet that they make. Apart from what draws: each page names its state, and few need a drawing."""

from __future__ import annotations

import hashlib
from base64 import b64encode

# text roles have 4.5:1 or more on their ground, marks and lines 3:1 or more; grid lines carry nothing
LIGHT = {
    "ground": "#ffffff", "ink": "#1a1e23", "quiet": "#525b66", "gone": "#69727d", "up": "#b0381a", "down": "#1a5fa8", "null": "#454d57",
    "link": "#1a5fa8", "rule": "#7d8692", "grid": "#d9dde2", "soft": "#eef0f3",
    "low": "#1b7a3d", "moderate": "#8a6500", "high": "#c0392b", "critical": "#741318", "unclear": "#51606f",
}  # fmt: skip
DARK = {
    "ground": "#14181d", "ink": "#eceff3", "quiet": "#b3bcc7", "gone": "#97a1ad", "up": "#ff9d7a", "down": "#83bcff", "null": "#cdd4dc",
    "link": "#83bcff", "rule": "#838d99", "grid": "#343b44", "soft": "#242a32",
    "low": "#63d48d", "moderate": "#f0c75e", "high": "#ff8f80", "critical": "#ffc4d6", "unclear": "#b3bcc7",
}  # fmt: skip


# of risk of bias, which has signs as well
RISKS = ("low", "moderate", "high", "critical", "unclear")


def _rules(colours: dict[str, str]) -> str:
    filled = "".join(f".rf-{role}{{fill:{colours[role]}}}" for role in ("ink", "quiet", "ground", "soft", "link", *RISKS))
    marks = "".join(f".rf-{role}{{fill:{colours[role]};stroke:{colours[role]}}}" for role in ("up", "down", "null", "gone"))
    lines = "".join(f".rf-{role}{{fill:none;stroke:{colours[role]}}}" for role in ("rule", "grid"))
    told = f"{filled}{marks}{lines}.rf-open{{fill:{colours['ground']}}}"
    # of dots on a filled cell
    filled_dots = f".rf-lit{{fill:{colours['ground']};stroke:{colours['ground']}}}.rf-lit.rf-open{{fill:{colours['null']}}}"
    return f"{told}{filled_dots}.rf-edge{{stroke:{colours['rule']}}}"


# without the dark colours, for what knows no media
LIGHT_STYLE = f"{_rules(LIGHT)}.rf text{{stroke:none}}.rf a .rf-link{{text-decoration:underline}}"
# one text for all figures, so that a page may serve it once, or allow it by its hash
STYLE = f"{LIGHT_STYLE}@media screen and (prefers-color-scheme:dark){{{_rules(DARK)}.rf text{{stroke:none}}}}"

# what a browser that opens a figure by itself may do: use that style, and nothing else
POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
