"""The graph's node labels and edge types, with their properties and units: the closed table that docs, schema route and tests go by."""

from __future__ import annotations

from schema.observation import Frozen


class Property(Frozen):
    name: str
    type: str
    about: str
    unit: str | None = None


class NodeType(Frozen):
    label: str
    about: str
    properties: tuple[Property, ...]


class EdgeType(Frozen):
    type: str
    start: tuple[str, ...]
    end: tuple[str, ...]
    about: str
    properties: tuple[Property, ...] = ()


def _p(name: str, type: str, about: str, unit: str | None = None) -> Property:
    return Property(name=name, type=type, about=about, unit=unit)


_ID = _p("slug", "string", "its own id; the node's has the label before it, but for terms")
_NAME = _p("name", "string", "what to call it")
_CAPTION = _p("caption", "string", "the edge in a dozen words")
_TERM = (
    _ID,
    _NAME,
    _p("kind", "string", "risk-factor, csvd-marker, lesion, mechanism or outcome"),
    _p("category", "string", "group of terms of that kind"),
    _p("synonyms", "list of strings", "other names"),
    _p("unit", "string", "of a measured variable"),
    _p("harm", "string", "the bad side of an outcome: higher or lower"),
    _p("definition", "string", "in a line"),
    _p("xrefs", "list of strings", "CURIEs in other vocabularies"),
)
_TERMS = ("RiskFactor", "CSVDMarker", "Lesion", "Mechanism", "Outcome")
_TALLY = (
    _CAPTION,
    _p("supports", "integer", "independent cohorts that support", "cohorts"),
    _p("proposes", "integer", "independent cohorts that propose", "cohorts"),
    _p("argues_against", "integer", "independent cohorts that argue against", "cohorts"),
    _p("support", "number", "(supports + 1) / (supports + argues_against + 2)", "share, 0..1"),
    _p("claims", "list of strings", "ids of the claims"),
)

LABELS = {"risk-factor": "RiskFactor", "csvd-marker": "CSVDMarker", "lesion": "Lesion", "mechanism": "Mechanism", "outcome": "Outcome"}

NODES: tuple[NodeType, ...] = (
    NodeType(
        label="Study",
        about="one published paper",
        properties=(
            _ID,
            _NAME,
            _p("title", "string", "title"),
            _p("year", "integer", "of publication; absent where the page showed none", "year"),
            _p("journal", "string", "journal"),
            _p("doi", "string", "DOI"),
            _p("pmid", "string", "PubMed id"),
            _p("design", "string", "study design"),
            _p("read", "string", "abstract, tables, full-text or not-stated"),
            _p("standing", "string", "since it was published: retracted (in no figure), concern, corrected, superseded or preprint"),
            _p("standing_date", "string", "the day, month or year of it"),
            _p("standing_notice", "string", "DOI or address of the notice"),
            _p("standing_by", "string", "what took its place"),
            _p("risk_of_bias", "string", "low, moderate (some concerns), high (serious), critical or unclear"),
            _p("risk_of_bias_tool", "string", "quips, robins-i or rob2"),
            _p("risk_of_bias_domains", "list of strings", "each with its level"),
            _p("n", "integer", "patients", "patients"),
            _p("pools", "list of strings", "of a pooled analysis: the studies and cohorts whose patients it holds"),
            _p("extracted_by", "string", "who read all rows that don't say otherwise"),
            _p("checked_by", "string", "who read them a second time"),
        ),
    ),
    NodeType(label="Cohort", about="a registry, trial or hospital series", properties=(_ID, _NAME)),
    NodeType(label="Population", about="a group of people", properties=(_ID, _NAME)),
    *(NodeType(label=label, about=f"a term of kind {kind}", properties=_TERM) for kind, label in LABELS.items()),
    NodeType(
        label="Finding",
        about="one row of a paper, as it was read",
        properties=(
            _ID,
            _NAME,
            _p("kind", "string", "estimate, significant, direction, null or unclear"),
            _p("way", "string", "how the row was read"),
            _p("direction", "string", "as printed"),
            _p("measure", "string", "OR, RR, HR, ..."),
            _p("value", "number", "as printed", "of the measure"),
            _p("ci_low", "number", "95% interval, as printed", "of the measure"),
            _p("ci_high", "number", "95% interval, as printed", "of the measure"),
            _p("printed_se", "number", "standard error, as printed", "log ratio; else of the measure"),
            _p("p", "string", "as printed"),
            _p("versus", "string", "head to head: id of the term that the exposure is compared with"),
            _p("cutoff", "string", "of the exposure, as printed"),
            _p("outcome_cutoff", "string", "of the outcome, as printed"),
            _p("follow_up_from", "number", "where a period is printed", "months"),
            _p("follow_up_to", "number", "of an outcome that happens later", "months"),
            _p("k", "integer", "behind a pooled row", "studies"),
            _p("events", "integer", "with the outcome, where no counts are printed", "patients"),
            _p("y", "number", "turned estimate", "log ratio; else the measure's own"),
            _p("se", "number", "standard error of y", "as y"),
            _p("n", "integer", "patients", "patients"),
            _p("adjusted", "boolean", "absent where not said"),
            _p("randomised", "boolean", "a comparison of randomised arms"),
            _p("votes", "boolean", "whether it may speak for its patients"),
            _p("why", "string", "why not"),
            _p("source", "string", "place in the paper"),
            _p("extracted_by", "string", "who read the row, where it says so itself"),
            _p("checked_by", "string", "who read it a second time"),
            _p("extracted_on", "string", "when"),
            _p("disagreement", "string", "where they differed"),
        ),
    ),
    NodeType(
        label="Prevalence",
        about="how common a lesion was in a study",
        properties=(
            _ID,
            _NAME,
            _p("cases", "integer", "with the lesion", "patients"),
            _p("total", "integer", "looked at", "patients"),
            _p("pct", "number", "as printed", "percent"),
            _p("main", "boolean", "the cohort's own people at their first scan"),
            _p("timing", "string", "when"),
            _p("source", "string", "place in the paper"),
        ),
    ),
    NodeType(
        label="Claim",
        about="what a paper says of a mechanism",
        properties=(
            _ID,
            _NAME,
            _p("stance", "string", "supports, proposes or argues-against"),
            _p("basis", "string", "observational, imaging, histopathology, animal or opinion"),
            _p("links", "list of strings", "the chain of terms"),
            _p("source", "string", "place in the paper"),
        ),
    ),
    NodeType(
        label="Release",
        about="what is loaded",
        properties=(_ID, _NAME, _p("method", "string", "version of the method")),
    ),
)

EDGES: tuple[EdgeType, ...] = (
    EdgeType(type="REPORTS", start=("Study",), end=("Finding", "Prevalence"), about="the study's rows"),
    EdgeType(type="EXPOSURE", start=("Finding",), end=_TERMS, about="the exposure of a finding"),
    EdgeType(type="OUTCOME", start=("Finding",), end=_TERMS, about="the outcome of a finding"),
    EdgeType(type="OF", start=("Prevalence",), end=_TERMS, about="the lesion counted"),
    EdgeType(
        type="IN_POPULATION",
        start=("Finding", "Prevalence"),
        end=("Population",),
        about="in whom",
        properties=(
            _p("disjoint", "boolean", "the study's group shares no patient with its other disjoint groups; absent where not said"),
        ),
    ),
    EdgeType(type="ASSERTS", start=("Study",), end=("Claim",), about="the study's claims"),
    EdgeType(type="ABOUT", start=("Claim",), end=("Mechanism",), about="the mechanism claimed"),
    EdgeType(type="DRAWS_ON", start=("Study",), end=("Cohort",), about="where its patients come from"),
    EdgeType(type="OVERLAPS", start=("Study",), end=("Study",), about="studies that share patients; from the lesser id to the greater"),
    EdgeType(type="PART_OF", start=("Population",), end=("Population",), about="populations"),
    EdgeType(
        type="BROADER",
        start=_TERMS,
        end=_TERMS,
        about="from a term to the broader one",
        properties=(_p("rolls_up", "string", "estimates, weight or no"),),
    ),
    EdgeType(
        type="ASSOCIATED_WITH",
        start=_TERMS,
        end=_TERMS,
        about="a live synthesis of all rows on two terms in a population",
        properties=(
            _CAPTION,
            _p("population", "string", "population id"),
            _p("direction", "string", "increases, decreases, inconsistent or inconclusive"),
            _p("direction_basis", "string", "estimate, reports or published: what the direction rests on"),
            _p("leans", "string", "more or fewer: the side of an inconclusive one"),
            _p("weight", "number", "probability that the average effect has this direction, or that of its leaning", "share, 0.5..0.999"),
            _p("weight_low", "number", "the same where more factors are taken to be without effect", "share, 0.5..0.999"),
            _p("weight_high", "number", "the same where fewer factors are taken to be without effect", "share, 0.5..0.999"),
            _p("p_direction", "number", "probability that a next cohort's true effect has this direction", "share, 0.5..1"),
            _p("replication", "number", "probability that a reference cohort would report it with p < 0.05", "share, 0..1"),
            _p("measure", "string", "of the headline"),
            _p("estimate", "number", "headline", "of the measure"),
            _p("unit", "string", "what an estimate per unit is per, as 10 mmHg"),
            _p("ci_low", "number", "95% interval; of two to four cohorts allowing for settings that differ", "of the measure"),
            _p("ci_high", "number", "95% interval; of two to four cohorts allowing for settings that differ", "of the measure"),
            _p("estimate_source", "string", "single-study, pooled-bayes, pooled-reml-hk or published"),
            _p("average_estimate", "number", "the average of two to four cohorts (common effect)", "of the measure"),
            _p("average_ci_low", "number", "95% interval of that average", "of the measure"),
            _p("average_ci_high", "number", "95% interval of that average", "of the measure"),
            _p("prior_sensitive", "boolean", "whether half or twice the prior's scale turns whether the interval includes no effect"),
            _p("excludes_no_effect", "boolean", "whether the headline's interval (or its average's) excludes no effect"),
            _p("size_low", "number", "lowest of the headline's own and published points", "of the measure"),
            _p("size_high", "number", "highest of the headline's own and published points", "of the measure"),
            _p("little_difference", "boolean", "whether what is rated is that there is little or no difference"),
            _p("k", "integer", "estimates behind the headline", "cohorts"),
            _p("studies", "integer", "studies that say anything", "studies"),
            _p("cohorts", "integer", "independent cohorts", "cohorts"),
            _p("cohorts_if_overlap", "integer", "independent cohorts if those share patients that may", "cohorts"),
            _p("patients", "integer", "in these cohorts, as far as printed; absent where none is", "patients"),
            _p("patients_unknown", "integer", "cohorts that don't print their number", "cohorts"),
            _p("increases", "integer", "cohorts that report it", "cohorts"),
            _p("decreases", "integer", "cohorts that report it", "cohorts"),
            _p("not_significant", "integer", "cohorts that report it", "cohorts"),
            _p("unclear", "integer", "cohorts whose direction can't be read", "cohorts"),
            _p("full_text", "integer", "studies read in full", "studies"),
            _p("tables", "integer", "studies read as an abstract with tables of theirs", "studies"),
            _p("certainty", "string", "high, moderate, low or very-low"),
            _p("contested", "string", "why, where it is"),
            _p("contested_with", "string", "id of the exposure of the other design, where that is the other side"),
            _p("findings", "list of strings", "ids of the rows"),
        ),
    ),
    EdgeType(type="MAY_ACT_THROUGH", start=_TERMS, end=("Mechanism",), about="a factor and a mechanism, as claimed", properties=_TALLY),
    EdgeType(
        type="MAY_LEAD_TO", start=("Mechanism",), end=_TERMS, about="a mechanism and a lesion or outcome, as claimed", properties=_TALLY
    ),
)
