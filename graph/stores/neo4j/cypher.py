"""Every statement, as a constant. Values are parameters always; labels and types come from the closed tables here.

Look-ups name their index: right after a load the planner's counts are those of before it.

Each node of ours carries `:Rdwi`, `generation` and `id`; the two that are not of any graph (pointer and lease) are of generation 0.
Nothing is asked of a domain label alone: such labels may be others', in the same database.
"""

from __future__ import annotations

from typing import LiteralString

# --- schema ---

SCHEMA: tuple[LiteralString, ...] = (
    "CREATE CONSTRAINT rdwi_id IF NOT EXISTS FOR (n:Rdwi) REQUIRE (n.generation, n.id) IS UNIQUE",
    "CREATE INDEX rdwi_exposure IF NOT EXISTS FOR (n:Rdwi) ON (n.generation, n.exposure)",
    "CREATE INDEX rdwi_outcome IF NOT EXISTS FOR (n:Rdwi) ON (n.generation, n.outcome)",
    "CREATE INDEX rdwi_study IF NOT EXISTS FOR (n:Rdwi) ON (n.generation, n.study)",
    "CREATE INDEX rdwi_lesion IF NOT EXISTS FOR (n:Rdwi) ON (n.generation, n.lesion)",
    "CREATE FULLTEXT INDEX rdwi_terms IF NOT EXISTS FOR (n:RdwiTerm) ON EACH [n.name, n.synonyms]",
    "CALL db.awaitIndexes(300)",
)
UNIQUE: LiteralString = """
SHOW CONSTRAINTS YIELD labelsOrTypes, properties, type
WHERE labelsOrTypes = ['Rdwi'] AND properties = ['generation', 'id'] AND type CONTAINS 'UNIQUENESS'
RETURN count(*) AS found
"""

# --- the server ---

COMPONENTS: LiteralString = "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version"

# --- the pointer: which generation is read ---

POINTER: LiteralString = """
MATCH (p:Rdwi {generation: 0, id: 'pointer'}) WHERE p.current IS NOT NULL
RETURN p.current AS generation, p.load AS load, p.format AS format, properties(p) AS header
"""
BEGIN: LiteralString = """
MERGE (p:Rdwi {generation: 0, id: 'pointer'})
ON CREATE SET p:RdwiPointer, p.name = 'current release'
SET p.last = coalesce(p.last, 0) + 1
RETURN p.last AS generation
"""
LOCK_POINTER: LiteralString = """
MATCH (p:Rdwi {generation: 0, id: 'pointer'})
SET p.touched = datetime.realtime().epochMillis
RETURN p.current AS generation
"""
SWAP: LiteralString = """
MATCH (p:Rdwi {generation: 0, id: 'pointer'})
SET p += $pointer
RETURN p.current AS generation
"""

# --- the lease: who may load. Its clock is the server's ---

LOCK_LEASE: LiteralString = """
MERGE (l:Rdwi {generation: 0, id: 'lease'})
ON CREATE SET l:RdwiLease, l.name = 'lease of the loader'
SET l.touched = datetime.realtime().epochMillis
"""
LEASE: LiteralString = """
MATCH (l:Rdwi {generation: 0, id: 'lease'})
RETURN l.token AS token, l.holder AS holder, l.host AS host, l.pid AS pid, l.expires - datetime.realtime().epochMillis AS left
"""
HOLD_LEASE: LiteralString = """
MATCH (l:Rdwi {generation: 0, id: 'lease'})
SET l.token = $token, l.holder = $holder, l.host = $host, l.pid = $pid, l.expires = datetime.realtime().epochMillis + $milliseconds
"""
RENEW_LEASE: LiteralString = """
MATCH (l:Rdwi {generation: 0, id: 'lease'}) WHERE l.token = $token
SET l.expires = datetime.realtime().epochMillis + $milliseconds
RETURN l.token AS token
"""
FREE_LEASE: LiteralString = """
MATCH (l:Rdwi {generation: 0, id: 'lease'}) WHERE l.token = $token
REMOVE l.token, l.holder, l.host, l.pid, l.expires
"""

# --- writing a generation ---


def _nodes(labels: LiteralString) -> LiteralString:
    return "UNWIND $rows AS row CREATE (n:Rdwi:" + labels + ") SET n = row"


def _edges(type: LiteralString) -> LiteralString:
    return (
        "UNWIND $rows AS row "
        "MATCH (a:Rdwi {generation: $generation, id: row[0]}) USING INDEX SEEK a:Rdwi(generation, id) "
        "MATCH (b:Rdwi {generation: $generation, id: row[1]}) USING INDEX SEEK b:Rdwi(generation, id) "
        "CREATE (a)-[r:" + type + "]->(b) SET r = row[2]"
    )


# tests hold these tables to schema/graphmodel.py
LABELS: dict[str, LiteralString] = {
    "Release": "Release",
    "Population": "Population",
    "RiskFactor": "RdwiTerm:RiskFactor",
    "CSVDMarker": "RdwiTerm:CSVDMarker",
    "Lesion": "RdwiTerm:Lesion",
    "Mechanism": "RdwiTerm:Mechanism",
    "Outcome": "RdwiTerm:Outcome",
    "Study": "Study",
    "Cohort": "Cohort",
    "Finding": "Finding",
    "Prevalence": "Prevalence",
    "Claim": "Claim",
}
_TYPES: tuple[LiteralString, ...] = (
    "REPORTS",
    "EXPOSURE",
    "OUTCOME",
    "OF",
    "IN_POPULATION",
    "ASSERTS",
    "ABOUT",
    "DRAWS_ON",
    "OVERLAPS",
    "PART_OF",
    "BROADER",
    "ASSOCIATED_WITH",
    "MAY_ACT_THROUGH",
    "MAY_LEAD_TO",
)
CREATE_NODES: dict[str, LiteralString] = {label: _nodes(labels) for label, labels in LABELS.items()}
CREATE_EDGES: dict[str, LiteralString] = {str(one): _edges(one) for one in _TYPES}

GENERATIONS: LiteralString = """
MATCH (n:Rdwi) USING INDEX n:Rdwi(generation, id) WHERE n.generation > 0 AND n.generation <> $current AND n.id IS NOT NULL
RETURN DISTINCT n.generation AS generation
"""
COUNT_ALL: LiteralString = """
MATCH (n:Rdwi) USING INDEX SEEK n:Rdwi(generation, id) WHERE n.generation = $generation AND n.id IS NOT NULL
RETURN count(n) AS nodes, sum(COUNT { (n)-->(:Rdwi) }) AS edges
"""
DELETE: LiteralString = """
MATCH (n:Rdwi) USING INDEX SEEK n:Rdwi(generation, id) WHERE n.generation = $generation AND n.id IS NOT NULL
WITH n LIMIT $most
DETACH DELETE n
RETURN count(*) AS deleted
"""

# --- reading a generation ---

STUDIES: LiteralString = "MATCH (n:Rdwi:Study) WHERE n.generation = $generation RETURN n.record AS record"
TERMS: LiteralString = "MATCH (n:Rdwi:RdwiTerm) WHERE n.generation = $generation RETURN n.record AS record ORDER BY n.position"
NODES_OF: LiteralString = """
UNWIND $ids AS id
MATCH (n:Rdwi {generation: $generation, id: id}) USING INDEX SEEK n:Rdwi(generation, id) WHERE $label IN labels(n)
RETURN n.record AS record, n.name AS name
"""
CLAIMS: LiteralString = "MATCH (n:Rdwi:Claim) WHERE n.generation = $generation RETURN n.record AS record"
CLAIMS_OF_STUDY: LiteralString = """
MATCH (n:Rdwi:Claim) USING INDEX SEEK n:Rdwi(generation, study) WHERE n.generation = $generation AND n.study = $study
RETURN n.record AS record
"""

EDGES_FROM: LiteralString = """
MATCH (e:Rdwi {generation: $generation, id: $exposure})-[r:ASSOCIATED_WITH]->(o) USING INDEX SEEK e:Rdwi(generation, id)
WHERE r.record IS NOT NULL AND ($outcome IS NULL OR o.id = $outcome) AND ($population IS NULL OR r.population = $population)
RETURN r.record AS record
"""
EDGES_TO: LiteralString = """
MATCH (o:Rdwi {generation: $generation, id: $outcome})<-[r:ASSOCIATED_WITH]-() USING INDEX SEEK o:Rdwi(generation, id)
WHERE r.record IS NOT NULL AND ($population IS NULL OR r.population = $population)
RETURN r.record AS record
"""
EDGES: LiteralString = """
MATCH (e:Rdwi:RdwiTerm)-[r:ASSOCIATED_WITH]->()
WHERE e.generation = $generation AND r.record IS NOT NULL AND ($population IS NULL OR r.population = $population)
RETURN r.record AS record
"""
MECHANISM_EDGES: LiteralString = """
MATCH (a:Rdwi:RdwiTerm)-[r:MAY_ACT_THROUGH|MAY_LEAD_TO]->()
WHERE a.generation = $generation AND r.record IS NOT NULL
RETURN r.record AS record
"""

_INSIDE: LiteralString = " AND ($populations IS NULL OR any(one IN n.populations WHERE one IN $populations)) RETURN n.record AS record"
FINDINGS: LiteralString = "MATCH (n:Rdwi:Finding) WHERE n.generation = $generation" + _INSIDE
FINDINGS_OF_STUDY: LiteralString = (
    "MATCH (n:Rdwi:Finding) USING INDEX SEEK n:Rdwi(generation, study) WHERE n.generation = $generation AND n.study = $study" + _INSIDE
)
FINDINGS_FROM: LiteralString = (
    "MATCH (n:Rdwi:Finding) USING INDEX SEEK n:Rdwi(generation, exposure) WHERE n.generation = $generation AND n.exposure IN $exposures"
    + _INSIDE
)
FINDINGS_TO: LiteralString = (
    "MATCH (n:Rdwi:Finding) USING INDEX SEEK n:Rdwi(generation, outcome) WHERE n.generation = $generation AND n.outcome IN $outcomes"
    " AND ($exposures IS NULL OR n.exposure IN $exposures)" + _INSIDE
)
PREVALENCE: LiteralString = "MATCH (n:Rdwi:Prevalence) WHERE n.generation = $generation" + _INSIDE
PREVALENCE_OF: LiteralString = (
    "MATCH (n:Rdwi:Prevalence) USING INDEX SEEK n:Rdwi(generation, lesion) WHERE n.generation = $generation AND n.lesion IN $lesions"
    + _INSIDE
)

FINDING_COUNTS: LiteralString = """
MATCH (t:Rdwi:RdwiTerm)<-[:EXPOSURE|OUTCOME]-(n:Rdwi:Finding)
WHERE t.generation = $generation
RETURN t.id AS term, count(DISTINCT n) AS findings
"""
COUNTS: LiteralString = """
CALL () { MATCH (n:Rdwi:Study) WHERE n.generation = $generation
  RETURN count(n) AS studies, count(CASE n.read WHEN 'full-text' THEN 1 END) AS full_text }
CALL () { MATCH (n:Rdwi:RdwiTerm) WHERE n.generation = $generation RETURN count(n) AS terms }
CALL () { MATCH (n:Rdwi:Finding) WHERE n.generation = $generation RETURN count(n) AS findings }
CALL () { MATCH (n:Rdwi:Prevalence) WHERE n.generation = $generation RETURN count(n) AS prevalence }
CALL () { MATCH (n:Rdwi:Claim) WHERE n.generation = $generation RETURN count(n) AS claims }
CALL () { MATCH (n:Rdwi:RdwiTerm)-[r:ASSOCIATED_WITH]->() WHERE n.generation = $generation AND r.record IS NOT NULL
  RETURN count(r) AS associations }
CALL () { MATCH (n:Rdwi:RdwiTerm)-[r:MAY_ACT_THROUGH|MAY_LEAD_TO]->() WHERE n.generation = $generation AND r.record IS NOT NULL
  RETURN count(r) AS mechanism_edges }
RETURN studies, terms, findings, prevalence, claims, associations, mechanism_edges, full_text
"""


# --- the history: of generation 0, so that no load deletes it ---

HISTORY: LiteralString = "MATCH (r:Rdwi:RdwiRelease {generation: 0}) RETURN r.said AS said ORDER BY r.number"
CONTENTS: LiteralString = """
MATCH (c:Rdwi:RdwiContent {generation: 0})
WHERE c.since <= $number AND (c.until IS NULL OR c.until > $number)
RETURN c.study AS study, c.hash AS hash
"""
TEXTS: LiteralString = """
UNWIND $ids AS id
MATCH (t:Rdwi {generation: 0, id: id}) USING INDEX SEEK t:Rdwi(generation, id)
RETURN t.hash AS hash, t.said AS said
"""
MOVED: LiteralString = """
MATCH (r:Rdwi {generation: 0, id: $id})-[:MOVED]->(m:RdwiMoved)
RETURN m.said AS said ORDER BY m.place
"""
KEEP_TEXTS: LiteralString = """
UNWIND $rows AS row
MERGE (t:Rdwi {generation: 0, id: 'text-' + row.hash})
ON CREATE SET t:RdwiText, t.name = left(row.hash, 12), t.hash = row.hash, t.said = row.said
"""
KEEP_ENTRY: LiteralString = """
CREATE (r:Rdwi:RdwiRelease) SET r = $entry
WITH r
OPTIONAL MATCH (last:Rdwi {generation: 0, id: $last})
FOREACH (_ IN CASE WHEN last IS NULL THEN [] ELSE [1] END | CREATE (r)-[:FOLLOWS]->(last))
"""
END_CONTENTS: LiteralString = """
UNWIND $studies AS study
MATCH (c:Rdwi:RdwiContent {generation: 0, study: study}) WHERE c.until IS NULL
SET c.until = $number
"""
KEEP_CONTENTS: LiteralString = """
MATCH (r:Rdwi {generation: 0, id: $id})
UNWIND $rows AS row
CREATE (r)-[:BROUGHT]->(c:Rdwi:RdwiContent) SET c = row
"""
KEEP_MOVED: LiteralString = """
MATCH (r:Rdwi {generation: 0, id: $id})
UNWIND $rows AS row
CREATE (r)-[:MOVED]->(m:Rdwi:RdwiMoved) SET m = row
"""
DROP_RELEASES: LiteralString = """
MATCH (r:Rdwi:RdwiRelease {generation: 0}) WHERE r.number < $oldest OR r.number > $newest
OPTIONAL MATCH (r)-[:MOVED]->(m:RdwiMoved)
DETACH DELETE m, r
"""
DROP_CONTENTS: LiteralString = """
MATCH (c:Rdwi:RdwiContent {generation: 0}) WHERE c.until <= $oldest OR c.since > $newest
DETACH DELETE c
"""
REOPEN_CONTENTS: LiteralString = "MATCH (c:Rdwi:RdwiContent {generation: 0}) WHERE c.until > $newest REMOVE c.until"
DROP_TEXTS: LiteralString = """
MATCH (r:Rdwi:RdwiRelease {generation: 0})
WITH collect(r.state) + collect(r.vocabulary) AS told
OPTIONAL MATCH (c:Rdwi:RdwiContent {generation: 0})
WITH told, collect(DISTINCT c.hash) AS held
MATCH (t:Rdwi:RdwiText {generation: 0}) WHERE NOT t.hash IN told AND NOT t.hash IN held
DELETE t
"""
NEW_EDGES: LiteralString = """
MATCH (e:Rdwi:RdwiTerm)-[r:ASSOCIATED_WITH]->(o) WHERE e.generation = $new AND r.record IS NOT NULL
OPTIONAL MATCH (:Rdwi {generation: $old, id: e.id})-[q:ASSOCIATED_WITH {population: r.population}]->(:Rdwi {generation: $old, id: o.id})
WITH r, q WHERE q IS NULL OR q.record <> r.record
RETURN q.record AS before, r.record AS after
"""
GONE_EDGES: LiteralString = """
MATCH (e:Rdwi:RdwiTerm)-[q:ASSOCIATED_WITH]->(o) WHERE e.generation = $old AND q.record IS NOT NULL
OPTIONAL MATCH (:Rdwi {generation: $new, id: e.id})-[r:ASSOCIATED_WITH {population: q.population}]->(:Rdwi {generation: $new, id: o.id})
WITH q, r WHERE r IS NULL
RETURN q.record AS before
"""

# what reads all of a kind
WHOLE: frozenset[LiteralString] = frozenset({STUDIES, CLAIMS, EDGES, FINDINGS, PREVALENCE, NEW_EDGES, GONE_EDGES})
