// 01 Factors in ICH: table
// Which factors are linked to R-DWI in ICH? low, high: 95% interval. Cohorts: + increases, − decreases, ○ not significant, ? unclear.
WITH 'r-dwi' AS outcome, 'ich' AS population
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (term:Rdwi)-[a:ASSOCIATED_WITH {population: population}]->(:Rdwi {generation: now.current, id: outcome})
RETURN term.name AS factor, a.caption AS association, round(a.ci_low, 2) AS low, round(a.ci_high, 2) AS high,
  a.increases AS `+`, a.decreases AS `−`, a.not_significant AS `○`, a.unclear AS `?`, round(a.weight, 2) AS weight
ORDER BY CASE a.certainty WHEN 'high' THEN 0 WHEN 'moderate' THEN 1 WHEN 'low' THEN 2 WHEN 'very-low' THEN 3 ELSE 4 END,
  a.cohorts DESC, coalesce(a.weight, -1) DESC, term.id;

// 02 Factors in ICH: graph
// The same as a graph: what has a direction, and two independent cohorts or more. Read an edge from the factor to the lesion.
WITH 'r-dwi' AS outcome, 'ich' AS population, 2 AS cohorts
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (factor:Rdwi)-[a:ASSOCIATED_WITH {population: population}]->(lesion:Rdwi {generation: now.current, id: outcome})
WHERE a.cohorts >= cohorts AND a.direction IN ['increases', 'decreases']
RETURN factor, a, lesion
ORDER BY CASE a.certainty WHEN 'high' THEN 0 WHEN 'moderate' THEN 1 WHEN 'low' THEN 2 WHEN 'very-low' THEN 3 ELSE 4 END,
  a.cohorts DESC, coalesce(a.weight, -1) DESC, factor.id;

// 03 Factors in CAA
// Which factors are linked to R-DWI in cerebral amyloid angiopathy? So little is known that each paper can be named.
WITH 'r-dwi' AS outcome, 'caa' AS population
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (term:Rdwi)-[a:ASSOCIATED_WITH {population: population}]->(:Rdwi {generation: now.current, id: outcome})
MATCH (paper:Rdwi:Study)-[:REPORTS]->(row:Rdwi:Finding {generation: now.current}) WHERE row.slug IN a.findings
WITH term, a, paper ORDER BY paper.id
WITH term, a, collect(DISTINCT paper.name) AS papers
RETURN term.name AS factor, a.caption AS association, round(a.weight, 2) AS weight, papers
ORDER BY CASE a.certainty WHEN 'high' THEN 0 WHEN 'moderate' THEN 1 WHEN 'low' THEN 2 WHEN 'very-low' THEN 3 ELSE 4 END,
  a.cohorts DESC, coalesce(a.weight, -1) DESC, term.id;

// 04 Papers behind one link
// What says that microbleeds go with R-DWI in ICH? Every row as its paper prints it, with its DOI. Rows of narrower terms are among them.
WITH 'cerebral-microbleeds' AS exposure, 'r-dwi' AS outcome, 'ich' AS population
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (:Rdwi {generation: now.current, id: exposure})-[a:ASSOCIATED_WITH {population: population}]->(:Rdwi {id: outcome})
UNWIND range(0, size(a.findings) - 1) AS place
MATCH (row:Rdwi {generation: now.current, id: 'finding:' + a.findings[place]})<-[:REPORTS]-(paper:Rdwi:Study)
MATCH (row)-[:EXPOSURE]->(measured:Rdwi)
RETURN paper.name AS paper, paper.doi AS doi, measured.name AS exposure, row.direction AS direction, row.kind AS kind,
  row.measure AS measure, row.value AS value, row.ci_low AS low, row.ci_high AS high, row.p AS p, row.n AS n, row.adjusted AS adjusted,
  row.source AS source
ORDER BY place;

// 05 Outcomes after R-DWI
// What are R-DWI linked to in ICH? The columns are those of 01. An association is not a cause.
WITH 'r-dwi' AS exposure, 'ich' AS population
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (:Rdwi {generation: now.current, id: exposure})-[a:ASSOCIATED_WITH {population: population}]->(term:Rdwi)
RETURN term.name AS outcome, a.caption AS association, round(a.ci_low, 2) AS low, round(a.ci_high, 2) AS high,
  a.increases AS `+`, a.decreases AS `−`, a.not_significant AS `○`, a.unclear AS `?`, round(a.weight, 2) AS weight
ORDER BY CASE a.certainty WHEN 'high' THEN 0 WHEN 'moderate' THEN 1 WHEN 'low' THEN 2 WHEN 'very-low' THEN 3 ELSE 4 END,
  a.cohorts DESC, coalesce(a.weight, -1) DESC, term.id;

// 06 Contested evidence
// Where does the evidence in ICH contradict itself, and why? Put a term in place of null to see only what it is part of. What trials and
// observation say against each other is one contradiction.
WITH null AS term, 'ich' AS population
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (e:Rdwi {generation: now.current})-[a:ASSOCIATED_WITH {population: population}]->(o:Rdwi)
WHERE a.contested IS NOT NULL AND (term IS NULL OR term IN [e.id, o.id]) AND NOT EXISTS {
  MATCH (other:Rdwi {generation: now.current, id: a.contested_with})-[b:ASSOCIATED_WITH {population: population}]->(o)
  WHERE b.contested_with = e.id AND other.id < e.id
}
RETURN e.name AS exposure, o.name AS outcome, a.caption AS association, a.contested AS why
ORDER BY CASE a.certainty WHEN 'high' THEN 0 WHEN 'moderate' THEN 1 WHEN 'low' THEN 2 WHEN 'very-low' THEN 3 ELSE 4 END,
  a.cohorts DESC, coalesce(a.weight, -1) DESC, e.id, o.id;

// 07 Null findings
// What was looked for and not found? Rows on R-DWI in ICH that are not significant, or whose 95% interval includes no effect.
WITH 'r-dwi' AS outcome, 'ich' AS population
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (term:Rdwi)-[a:ASSOCIATED_WITH {population: population}]->(:Rdwi {generation: now.current, id: outcome})
UNWIND range(0, size(a.findings) - 1) AS place
MATCH (row:Rdwi {generation: now.current, id: 'finding:' + a.findings[place]})<-[:REPORTS]-(paper:Rdwi:Study)
WHERE row.kind = 'null' OR (row.kind = 'estimate' AND abs(row.y) < 1.959964 * row.se)
RETURN term.name AS factor, paper.name AS paper, paper.doi AS doi, row.measure AS measure, row.value AS value,
  row.ci_low AS low, row.ci_high AS high, row.p AS p, row.n AS n
ORDER BY term.id, place;

// 08 Shared patients
// Which studies on R-DWI share patients? They count once. Where they name a cohort in common, it stands beside them.
WITH 'r-dwi' AS lesion
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (paper:Rdwi:Study)-[:REPORTS]->(row)-[:EXPOSURE|OUTCOME|OF]->(:Rdwi {generation: now.current, id: lesion})
WITH collect(DISTINCT paper) AS papers
UNWIND papers AS one
MATCH (one)-[:OVERLAPS]->(other:Rdwi:Study) WHERE other IN papers
RETURN one.name AS study, one.n AS patients, other.name AS `shares patients with`, other.n AS `its patients`,
  [(one)-[:DRAWS_ON]->(cohort:Rdwi)<-[:DRAWS_ON]-(other) | cohort.name] AS `cohorts in common`
ORDER BY one.id, other.id;

// 09 Mechanisms: table
// What is claimed of the mechanisms of R-DWI? Independent cohorts for and against, the factors that may act through each, the papers.
WITH 'r-dwi' AS lesion
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (m:Rdwi)-[may:MAY_LEAD_TO]->(:Rdwi {generation: now.current, id: lesion})
OPTIONAL MATCH (factor:Rdwi)-[through:MAY_ACT_THROUGH]->(m) WHERE EXISTS {
  MATCH (said:Rdwi:Claim)-[:ABOUT]->(m)
  WHERE said.slug IN through.claims AND said.slug IN may.claims AND said.stance <> 'argues-against' }
WITH m, may, factor ORDER BY factor.id
WITH m, may, collect(factor.name) AS factors
MATCH (paper:Rdwi:Study)-[:ASSERTS]->(claim:Rdwi:Claim)-[:ABOUT]->(m) WHERE claim.slug IN may.claims
WITH m, may, factors, claim.stance AS stance, paper ORDER BY paper.id
WITH m, may, factors, collect({stance: stance, paper: paper.name}) AS papers
RETURN m.name AS mechanism, may.supports AS supports, may.proposes AS proposes, may.argues_against AS `argues against`,
  round(may.support, 2) AS support, factors,
  [one IN papers WHERE one.stance = 'supports' | one.paper] AS `supported by`,
  [one IN papers WHERE one.stance = 'proposes' | one.paper] AS `proposed by`,
  [one IN papers WHERE one.stance = 'argues-against' | one.paper] AS `argued against by`
ORDER BY may.supports + may.argues_against DESC, may.support DESC, may.proposes DESC, m.id;

// 10 Mechanisms: graph
// From factor over mechanism to R-DWI, where two cohorts or more support it. A factor's edge counts its claims whatever they lead to.
WITH 'r-dwi' AS lesion, 2 AS cohorts
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (mechanism:Rdwi)-[m:MAY_LEAD_TO]->(target:Rdwi {generation: now.current, id: lesion}) WHERE m.supports >= cohorts
OPTIONAL MATCH (factor:Rdwi)-[f:MAY_ACT_THROUGH]->(mechanism) WHERE EXISTS {
  MATCH (said:Rdwi:Claim)-[:ABOUT]->(mechanism)
  WHERE said.slug IN f.claims AND said.slug IN m.claims AND said.stance <> 'argues-against' }
RETURN factor, f, mechanism, m, target
ORDER BY m.supports + m.argues_against DESC, m.support DESC, m.proposes DESC, mechanism.id, factor.id;

// 11 Prevalence by study
// How common are R-DWI in ICH? Cases of patients in each study and its parts; what a paper prints apart of one group is added up.
WITH 'r-dwi' AS lesion, 'ich' AS population
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (paper:Rdwi:Study)-[:REPORTS]->(row:Rdwi:Prevalence {generation: now.current})-[:OF]->(counted:Rdwi)
WHERE (counted.id = lesion OR EXISTS { (counted)-[b:BROADER]->(:Rdwi {id: lesion}) WHERE b.rolls_up IN ['estimates', 'weight'] })
  AND EXISTS { (row)-[:IN_POPULATION]->(:Rdwi)-[:PART_OF*0..]->(:Rdwi {id: 'population:' + population}) }
  AND NOT coalesce(paper.design, '') IN ['meta-analysis', 'systematic-review', 'narrative-review'] AND row.total > 0
WITH paper, row, counted, coalesce(row.cases, toInteger(round(row.pct * row.total / 100.0))) AS cases
WHERE cases IS NOT NULL
WITH paper, row.main AS whole, counted, row.populations AS populations, CASE WHEN row.main THEN '' ELSE row.id END AS part,
  sum(cases) AS cases, sum(row.total) AS total, collect(DISTINCT row.timing) AS timing, min(row.id) AS first
RETURN paper.name AS study, cases, total AS patients, round(100.0 * cases / total, 1) AS percent, whole AS `whole cohort`,
  populations AS `in whom`, timing AS `when`, paper.doi AS doi
ORDER BY paper.id, whole DESC, size(first), first;

// 12 Gaps: no second cohort
// What of R-DWI in CAA was not studied, or by one cohort only? Beside it stands what is known in ICH.
WITH 'r-dwi' AS outcome, 'caa' AS population, 'ich' AS wider
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (term:Rdwi)-[known:ASSOCIATED_WITH]->(lesion:Rdwi {generation: now.current, id: outcome})
WHERE known.population IN [population, wider]
WITH DISTINCT term, lesion, population, wider
OPTIONAL MATCH (term)-[here:ASSOCIATED_WITH {population: population}]->(lesion)
OPTIONAL MATCH (term)-[there:ASSOCIATED_WITH {population: wider}]->(lesion)
WITH term, here, there WHERE coalesce(here.cohorts, 0) < 2
RETURN term.name AS factor, coalesce(here.cohorts, 0) AS cohorts, coalesce(here.caption, 'not studied') AS `in the population`,
  coalesce(there.caption, 'not studied') AS `in the wider one`
ORDER BY CASE here.certainty WHEN 'high' THEN 0 WHEN 'moderate' THEN 1 WHEN 'low' THEN 2 WHEN 'very-low' THEN 3 ELSE 4 END,
  cohorts DESC, coalesce(here.weight, -1) DESC, term.id;

// 13 Find a term
// Terms with all these words, or words that begin so, in their name or synonyms. The other questions ask for the id.
WITH 'white matter' AS words
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
CALL db.index.fulltext.queryNodes('rdwi_terms', reduce(q = '', word IN split(replace(words, '-', ' '), ' ') | q + ' +' + word + '*'))
YIELD node AS term, score WHERE term.generation = now.current
RETURN term.id AS id, term.name AS term, term.kind AS kind, term.synonyms AS synonyms, round(score, 2) AS score
ORDER BY score DESC, id;

// 14 What is loaded
// The release, the version of the method, and how much there is of each kind.
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (release:Rdwi:Release {generation: now.current})
RETURN release.slug AS release, release.method AS method,
  COUNT { (:Rdwi:Study {generation: now.current}) } AS studies,
  COUNT { (:Rdwi:Study {generation: now.current, read: 'full-text'}) } AS `read in full`,
  COUNT { (:Rdwi:RdwiTerm {generation: now.current}) } AS terms,
  COUNT { (:Rdwi:Finding {generation: now.current}) } AS findings,
  COUNT { (:Rdwi:Prevalence {generation: now.current}) } AS prevalence,
  COUNT { (:Rdwi:Claim {generation: now.current}) } AS claims,
  COUNT { (:Rdwi:RdwiTerm {generation: now.current})-[:ASSOCIATED_WITH]->() } AS associations,
  COUNT { (:Rdwi:RdwiTerm {generation: now.current})-[:MAY_ACT_THROUGH|MAY_LEAD_TO]->() } AS `edges of mechanisms`;

// 15 What changed
// Which associations did the newest release move, beside the one before? Put the first digits of a release of 16 in place of null.
WITH null AS digits
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (release:Rdwi:RdwiRelease {generation: 0}) WHERE release.release STARTS WITH coalesce(digits, now.release)
WITH release ORDER BY release.number DESC LIMIT 1
MATCH (release)-[:MOVED]->(moved:Rdwi:RdwiMoved)
RETURN moved.name AS association, moved.before AS before, moved.after AS after, moved.turned AS `another direction`, moved.studies AS studies
ORDER BY moved.turned DESC, moved.place;

// 16 Releases
// Which releases are kept, and what did each bring?
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (release:Rdwi:RdwiRelease {generation: 0})
RETURN release.number AS number, left(release.release, 12) AS release, release.release = now.release AS current, release.day AS day,
  release.studies AS studies, release.added AS added, release.replaced AS replaced, release.removed AS removed, release.moved AS moved,
  release.by AS by
ORDER BY number DESC;

// 17 Retracted or in doubt
// Which papers were retracted, corrected, or are under a concern? Of a retracted one no row counts.
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (paper:Rdwi:Study {generation: now.current}) WHERE paper.standing IS NOT NULL
RETURN paper.name AS paper, paper.standing AS standing, paper.standing_date AS since, paper.standing_notice AS notice, paper.doi AS doi,
  COUNT { (paper)-[:REPORTS]->(:Rdwi:Finding) } AS rows
ORDER BY CASE paper.standing WHEN 'retracted' THEN 0 WHEN 'concern' THEN 1 ELSE 2 END, paper.id;

// 18 What rests on one paper
// Which associations of R-DWI in ICH with a direction rest on one paper alone?
WITH 'r-dwi' AS outcome, 'ich' AS population
MATCH (now:Rdwi:RdwiPointer {generation: 0, id: 'pointer'})
MATCH (term:Rdwi)-[a:ASSOCIATED_WITH {population: population}]->(:Rdwi {generation: now.current, id: outcome})
WHERE a.studies = 1 AND a.direction IN ['increases', 'decreases']
MATCH (paper:Rdwi:Study)-[:REPORTS]->(row:Rdwi:Finding {generation: now.current}) WHERE row.slug IN a.findings
RETURN DISTINCT term.name AS factor, a.caption AS association, paper.name AS paper, paper.doi AS doi, term.id AS id
ORDER BY id;
