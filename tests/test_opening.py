"""Opening, loading, removing: what a store holds after each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import filelock
import pytest
import yaml

from graph import opening, questions, release
from graph.build import EvidenceGraph, build, unknown_terms
from graph.opening import Graph, check, load, open_graph, open_store, remove, shipped, shipped_digest
from graph.questions import lookups
from graph.questions.filters import Filters
from graph.questions.lists import Narrow, Page
from graph.settings import Settings
from graph.stores import snapshot
from schema.errors import BadParameter, InputProblems, SnapshotDamaged, SnapshotUnwritable, StoreUnavailable, UnknownName
from schema.study import Study
from schema.vocabulary import Vocabulary


def sheet(study: str = "smith-2024", **finding: Any) -> dict[str, Any]:
    """A sheet with one finding on age and R-DWI."""
    row = {
        "exposure": "age",
        "outcome": "r-dwi",
        "population": "all",
        "measure": "OR",
        "value": 2.0,
        "ci": [1.1, 3.6],
        "direction": "increases",
    }
    return {
        "id": study,
        "read": "abstract",
        "design": "prospective-cohort",
        "year": 2024,
        "n": 90,
        "populations": [{"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 90}],
        "findings": [{**row, **finding}],
    }


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes sheets into a folder."""

    def writing(*sheets: dict[str, Any], into: str = "sheets", vocabulary: list[dict[str, Any]] | None = None) -> Path:
        folder = tmp_path / into
        folder.mkdir(exist_ok=True)
        for one in sheets:
            (folder / f"{one['id']}.yaml").write_text(yaml.safe_dump(one, sort_keys=False), encoding="utf-8")
        if vocabulary is not None:
            (folder / "vocabulary.yaml").write_text(yaml.safe_dump(vocabulary), encoding="utf-8")
        return folder

    return writing


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, empty_folder: Path, corpus: tuple[Study, ...]) -> Path:
    """A package that ships three studies, and a snapshot folder that holds nothing yet."""
    ship(monkeypatch, corpus, "first", "menon-2012", "wu-2015", "garg-2012")
    return empty_folder


def ship(monkeypatch: pytest.MonkeyPatch, corpus: tuple[Study, ...], digest: str, *studies: str) -> None:
    """Let the package come with another corpus."""
    some = tuple(study for study in corpus if study.id in studies)
    assert len(some) == len(studies)
    monkeypatch.setattr(opening, "shipped_studies", lambda field, report=None: some)
    monkeypatch.setattr(opening, "shipped_digest", lambda field: digest)


def held(settings: Settings | None = None) -> list[str]:
    return list(open_store(settings or Settings()).reader().studies())


def known() -> Vocabulary:
    return open_store(Settings()).reader().terms()


def kept(folder: Path) -> snapshot.Snapshot:
    return snapshot.read(folder / snapshot.NAME, shipped())


# --- opening ---


def test_the_shipped_corpus_is_opened_where_nothing_is_kept(empty_folder: Path, graph: EvidenceGraph) -> None:
    store = open_store(Settings())
    assert store.name == "memory"
    assert store.reader().graph() == graph
    assert kept(empty_folder).header.shipped == shipped_digest(shipped())


def test_a_snapshot_is_opened_without_building(folder: Path, graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("built")

    monkeypatch.setattr(opening, "build", refused)
    monkeypatch.setattr(opening, "shipped_studies", refused)
    assert open_store(Settings()).reader().release() == graph.release


def test_opening_twice_leaves_the_file_alone(few: Path) -> None:
    held()
    before = (few / snapshot.NAME).stat()
    held()
    after = (few / snapshot.NAME).stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_what_is_done_is_reported(few: Path) -> None:
    told: list[tuple[str, int, int]] = []
    open_store(Settings(), lambda what, done, total: told.append((what, done, total)))
    building = [(done, total) for what, done, total in told if what == "building the graph"]
    assert building
    assert building[-1][0] == building[-1][1]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_where_the_snapshot_can_not_be_written_the_graph_is_served_all_the_same(
    few: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: OSError
) -> None:
    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr(snapshot, "write", refused)
    with caplog.at_level(logging.WARNING):
        store = open_store(Settings())
    assert list(store.reader().studies()) == ["garg-2012", "menon-2012", "wu-2015"]
    assert str(few) in caplog.text
    assert questions.Factors().answer(store.reader()).items
    assert not (few / snapshot.NAME).is_file()


def test_a_damaged_snapshot_is_not_written_over(few: Path) -> None:
    few.mkdir()
    (few / snapshot.NAME).write_bytes(b"someone's work, damaged")
    with pytest.raises(SnapshotDamaged):
        open_store(Settings())
    assert (few / snapshot.NAME).read_bytes() == b"someone's work, damaged"


def test_open_graph_answers_by_name(folder: Path) -> None:
    opened = open_graph()
    assert isinstance(opened, Graph)
    assert opened.factors(lesion="r-dwi", population="caa") == questions.Factors(
        lesion="r-dwi", population="caa", page=Page(limit=None)
    ).answer(opened.reader)
    assert opened.factors("RDWI", adjusted=True, min_cohorts=2, limit=3, sort="name") == questions.Factors(
        filters=Filters(adjusted=True), narrow=Narrow(min_cohorts=2), page=Page(limit=3), sort="name"
    ).answer(opened.reader)
    assert (
        opened.outcomes("age", kind="lesion").items
        == questions.Outcomes(exposure="age", narrow=Narrow(kind="lesion")).answer(opened.reader).items
    )
    assert opened.evidence("age", "r-dwi", adjusted=True) == questions.Evidence(
        exposure="age", outcome="r-dwi", filters=Filters(adjusted=True)
    ).answer(opened.reader)
    assert opened.prevalence(population="caa") == questions.Prevalence(population="caa").answer(opened.reader)
    assert opened.mechanisms().items == questions.Mechanisms(page=Page(limit=None)).answer(opened.reader).items
    assert opened.contested("r-dwi").items == questions.Contested(lesion="r-dwi", page=Page(limit=None)).answer(opened.reader).items
    assert opened.studies(design=("rct",)).items == questions.Studies(design=("rct",), page=Page(limit=None)).answer(opened.reader).items
    assert opened.study("menon-2012") == lookups.study(opened.reader, "menon-2012")
    assert (
        opened.terms("age", kind="risk-factor").items
        == questions.Terms(q="age", kind="risk-factor", page=Page(limit=None)).answer(opened.reader).items
    )
    assert opened.term("CMBs").term.id == "cerebral-microbleeds"
    assert opened.release == opened.reader.release()
    opened.close()


def test_an_option_that_no_question_has_is_refused(few: Path) -> None:
    opened = open_graph()
    with pytest.raises(BadParameter, match="colour"):
        opened.factors(colour="red")  # type: ignore[call-arg]
    with pytest.raises(BadParameter, match="colour"):
        opened.studies(colour="red")  # type: ignore[call-arg]


# --- settings ---


@pytest.mark.parametrize("value", ["memory:", "memory"])
def test_the_memory_store_is_named_so(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RDWI_STORE", value)
    assert Settings().embedded


@pytest.mark.parametrize("value", ["mongodb://x", "memory:/tmp", "postgres"])
def test_a_store_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RDWI_STORE", value)
    with pytest.raises(ValueError, match="RDWI_STORE"):
        Settings()


def test_the_users_data_folder_is_meant_where_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RDWI_SNAPSHOT", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "rdwi-graph" in Settings().folder_of("r-dwi").parts


def test_a_tilde_in_the_folder_is_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RDWI_SNAPSHOT", "~/data")
    assert Settings().folder_of("r-dwi") == tmp_path / "data"


# --- loading ---


def test_loading_adds_a_study(few: Path, write: Write) -> None:
    before = held()
    change = load(Settings(), [write(sheet())])
    assert (change.added, change.replaced, change.removed) == (("smith-2024",), (), ())
    assert change.changed
    assert held() == sorted([*before, "smith-2024"])
    assert kept(few).header.user == {"smith-2024"}
    assert open_store(Settings()).reader().release() == change.release


def test_loading_the_first_time_keeps_the_shipped_corpus(few: Path, write: Write) -> None:
    load(Settings(), [write(sheet())])
    assert held() == ["garg-2012", "menon-2012", "smith-2024", "wu-2015"]


def test_loading_twice_changes_nothing(few: Path, write: Write) -> None:
    first = load(Settings(), [write(sheet())])
    graph = kept(few).graph()
    second = load(Settings(), [write(sheet())])
    assert not second.changed
    assert second.release == first.release
    assert kept(few).graph() == graph


def test_a_study_is_replaced_by_its_id(few: Path, write: Write) -> None:
    first = load(Settings(), [write(sheet(value=2.0))])
    second = load(Settings(), [write(sheet(value=3.0, ci=[1.5, 6.0]))])
    assert (second.added, second.replaced) == ((), ("smith-2024",))
    assert second.release != first.release
    (finding,) = open_store(Settings()).reader().studies()["smith-2024"].findings
    assert finding.value == 3.0


def test_the_order_of_loads_does_not_matter(few: Path, write: Write) -> None:
    a, b = write(sheet("a-2024"), into="a"), write(sheet("b-2024"), into="b")
    load(Settings(), [a], fresh=True)
    one = load(Settings(), [b]).release
    load(Settings(), [b], fresh=True)
    other = load(Settings(), [a]).release
    together = load(Settings(), [b, a], fresh=True).release
    assert one == other == together


def test_fresh_starts_from_nothing(few: Path, write: Write) -> None:
    load(Settings(), [write(sheet("a-2024"), into="a")])
    change = load(Settings(), [write(sheet("b-2024"), into="b")], fresh=True)
    assert change.added == ("b-2024",)
    assert held() == ["b-2024"]


def test_fresh_heals_a_damaged_snapshot(few: Path, write: Write) -> None:
    few.mkdir()
    (few / snapshot.NAME).write_bytes(b"damaged")
    with pytest.raises(SnapshotDamaged):
        load(Settings(), [write(sheet())])
    load(Settings(), [write(sheet())], fresh=True)
    assert held() == ["smith-2024"]


def test_an_input_with_mistakes_changes_nothing(few: Path, write: Write) -> None:
    held()
    before = (few / snapshot.NAME).read_bytes()
    with pytest.raises(InputProblems) as caught:
        load(Settings(), [write(sheet("a-2024"), sheet("b-2024", exposure="no-such-term"), sheet("c-2024", value=-1.0))])
    assert {problem.study for problem in caught.value.problems if problem.severity == "error"} == {"b-2024", "c-2024"}
    assert (few / snapshot.NAME).read_bytes() == before


def test_keep_going_loads_the_clean_studies_and_lists_the_rest(few: Path, write: Write) -> None:
    change = load(Settings(), [write(sheet("a-2024"), sheet("b-2024", exposure="no-such-term"))], keep_going=True)
    assert change.added == ("a-2024",)
    assert any(problem.study == "b-2024" and problem.severity == "error" for problem in change.problems)
    assert "a-2024" in held()
    assert "b-2024" not in held()


def test_keep_going_without_any_clean_study_changes_nothing(few: Path, write: Write) -> None:
    held()
    before = (few / snapshot.NAME).read_bytes()
    with pytest.raises(InputProblems):
        load(Settings(), [write(sheet("b-2024", exposure="no-such-term"))], keep_going=True)
    assert (few / snapshot.NAME).read_bytes() == before


def test_a_write_that_fails_leaves_the_old_release(few: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    before = held()

    def refused(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refused)
        with pytest.raises(SnapshotUnwritable, match="No space"):
            load(Settings(), [write(sheet())])
    assert held() == before


def test_an_opened_graph_sees_what_is_loaded(few: Path, write: Write) -> None:
    opened = open_graph()
    before = opened.release
    taken = opened.reader
    change = load(Settings(), [write(sheet())])
    assert opened.release == change.release != before
    assert "smith-2024" in opened.reader.studies()
    assert "smith-2024" not in taken.studies()


# --- a vocabulary of one's own ---

OWN = [{"id": "moon-phase", "name": "Phase of the moon", "kind": "risk-factor", "synonyms": ["lunar phase"]}]


def test_terms_of_ones_own_stay_after_their_sheets_folder_is_gone(few: Path, write: Write) -> None:
    folder = write(sheet(exposure="lunar phase"), vocabulary=OWN)
    load(Settings(), [folder])
    assert known().resolve("lunar phase").id == "moon-phase"
    # a later sheet may use the term without bringing it
    change = load(Settings(), [write(sheet("jones-2024", exposure="moon-phase"), into="later")])
    assert change.added == ("jones-2024",)
    (one,) = [
        one
        for one in questions.Factors(page=Page(limit=None)).answer(open_store(Settings()).reader()).items
        if one.exposure.id == "moon-phase"
    ]
    assert one.cohorts == 2


def test_terms_of_ones_own_stay_after_their_studies_are_removed(few: Path, write: Write) -> None:
    load(Settings(), [write(sheet(exposure="moon-phase"), vocabulary=OWN)])
    remove(Settings(), ["smith-2024"])
    assert "moon-phase" in known()
    assert load(Settings(), [write(sheet("jones-2024", exposure="moon-phase"), into="later")]).added == ("jones-2024",)


def test_a_vocabulary_may_be_loaded_twice_and_changed(few: Path, write: Write) -> None:
    folder = write(sheet(exposure="moon-phase"), vocabulary=OWN)
    first = load(Settings(), [folder])
    assert load(Settings(), [folder]).release == first.release
    write(sheet(exposure="moon-phase"), vocabulary=[{**OWN[0], "name": "Moon phase at onset"}])
    load(Settings(), [folder])
    assert known()["moon-phase"].name == "Moon phase at onset"


def test_fresh_forgets_terms_of_ones_own(few: Path, write: Write) -> None:
    load(Settings(), [write(sheet(exposure="moon-phase"), vocabulary=OWN)])
    load(Settings(), [write(sheet("jones-2024"), into="later")], fresh=True)
    assert "moon-phase" not in known()


def test_a_term_that_an_exposure_is_compared_with_is_one_that_the_vocabulary_must_have(keyed: Study) -> None:
    assert unknown_terms(keyed, shipped().vocabulary) == []
    (finding,) = keyed.findings
    lost = keyed.model_copy(update={"findings": (finding.model_copy(update={"versus": "lost-term"}),)})
    assert unknown_terms(lost, shipped().vocabulary) == ["lost-term"]


def test_a_clash_with_a_shipped_term_changes_nothing(few: Path, write: Write) -> None:
    held()
    before = (few / snapshot.NAME).read_bytes()
    with pytest.raises(InputProblems):
        load(Settings(), [write(sheet(), vocabulary=[{"id": "age", "name": "Moon", "kind": "risk-factor"}])])
    assert (few / snapshot.NAME).read_bytes() == before


def test_checking_knows_the_terms_of_ones_own_and_changes_nothing(few: Path, write: Write) -> None:
    later = write(sheet("jones-2024", exposure="moon-phase"), into="later")
    assert [problem.study for problem in check(Settings(), [later]).errors] == ["jones-2024"]
    assert not few.exists()
    load(Settings(), [write(sheet(exposure="moon-phase"), vocabulary=OWN)])
    before = (few / snapshot.NAME).read_bytes()
    assert check(Settings(), [later]).errors == ()
    assert [study.id for study in check(Settings(), [later]).studies] == ["jones-2024"]
    assert (few / snapshot.NAME).read_bytes() == before
    assert "jones-2024" not in held()


# --- removing ---


def test_removing_takes_studies_out(few: Path) -> None:
    change = remove(Settings(), ["wu-2015", "menon-2012", "wu-2015"])
    assert change.removed == ("wu-2015", "menon-2012")
    assert held() == ["garg-2012"]
    assert open_store(Settings()).reader().release() == change.release


def test_removing_an_unknown_study_changes_nothing_and_suggests(few: Path) -> None:
    held()
    before = (few / snapshot.NAME).read_bytes()
    with pytest.raises(UnknownName) as caught:
        remove(Settings(), ["wu-2015", "menon-2013"])
    assert "menon-2012" in caught.value.suggestions
    assert (few / snapshot.NAME).read_bytes() == before


def test_a_removed_and_loaded_study_is_back(few: Path, write: Write, corpus: tuple[Study, ...]) -> None:
    release = open_store(Settings()).reader().release()
    remove(Settings(), ["menon-2012"])
    path = Path(opening.shipped_evidence.STUDIES) / "menon-2012.yaml"
    assert load(Settings(), [path]).release == release
    assert kept(few).header.removed == frozenset()


def test_removing_equals_never_having_had_it(few: Path, corpus: tuple[Study, ...]) -> None:
    remove(Settings(), ["menon-2012"])
    expected = build([study for study in corpus if study.id in {"wu-2015", "garg-2012"}], shipped())
    found = open_store(Settings()).reader().graph()
    assert found.release == expected.release
    assert found.associations == expected.associations
    assert found.studies == expected.studies


# --- a new shipped corpus ---


def test_a_new_corpus_replaces_the_shipped_studies_and_keeps_the_users(
    few: Path, write: Write, monkeypatch: pytest.MonkeyPatch, corpus: tuple[Study, ...]
) -> None:
    load(Settings(), [write(sheet())])
    ship(monkeypatch, corpus, "second", "menon-2012", "kang-2012")
    assert held() == ["kang-2012", "menon-2012", "smith-2024"]
    assert kept(few).header.shipped == "second"
    assert kept(few).header.user == {"smith-2024"}


def test_a_users_version_of_a_shipped_study_stays(
    few: Path, write: Write, monkeypatch: pytest.MonkeyPatch, corpus: tuple[Study, ...]
) -> None:
    load(Settings(), [write(sheet("menon-2012", value=7.0, ci=[2.0, 24.5]))])
    ship(monkeypatch, corpus, "second", "menon-2012", "kang-2012")
    (finding,) = open_store(Settings()).reader().studies()["menon-2012"].findings
    assert finding.value == 7.0


def test_what_was_removed_stays_removed(few: Path, monkeypatch: pytest.MonkeyPatch, corpus: tuple[Study, ...]) -> None:
    remove(Settings(), ["menon-2012"])
    ship(monkeypatch, corpus, "second", "menon-2012", "wu-2015", "kang-2012")
    assert held() == ["kang-2012", "wu-2015"]
    ship(monkeypatch, corpus, "third", "menon-2012")
    assert held() == []


def test_a_store_that_was_started_from_nothing_takes_no_shipped_study(
    few: Path, write: Write, monkeypatch: pytest.MonkeyPatch, corpus: tuple[Study, ...]
) -> None:
    load(Settings(), [write(sheet())], fresh=True)
    ship(monkeypatch, corpus, "second", "menon-2012", "kang-2012")
    assert held() == ["smith-2024"]
    assert load(Settings(), [write(sheet("jones-2024"), into="later")]).added == ("jones-2024",)
    assert held() == ["jones-2024", "smith-2024"]


def test_terms_of_ones_own_outlive_a_new_corpus(
    few: Path, write: Write, monkeypatch: pytest.MonkeyPatch, corpus: tuple[Study, ...]
) -> None:
    load(Settings(), [write(sheet(exposure="moon-phase"), vocabulary=OWN)])
    ship(monkeypatch, corpus, "second", "menon-2012")
    assert held() == ["menon-2012", "smith-2024"]
    assert "moon-phase" in known()


def test_another_version_of_the_method_builds_anew(few: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    load(Settings(), [write(sheet())])
    monkeypatch.setattr(release, "VERSION", "another")
    assert held() == ["garg-2012", "menon-2012", "smith-2024", "wu-2015"]
    assert kept(few).header.method == "another"


def test_loading_into_a_store_of_an_older_corpus_brings_both_up_to_date(
    few: Path, write: Write, monkeypatch: pytest.MonkeyPatch, corpus: tuple[Study, ...]
) -> None:
    held()
    ship(monkeypatch, corpus, "second", "kang-2012")
    load(Settings(), [write(sheet())])
    assert held() == ["kang-2012", "smith-2024"]


# --- writers ---


def test_two_writers_at_once_both_get_their_turn(few: Path, write: Write) -> None:
    folders = [write(sheet(f"author{number}-2024"), into=f"f{number}") for number in range(4)]
    load(Settings(), [write(sheet("first-2024"), into="first")], fresh=True)
    with ThreadPoolExecutor(4) as threads:
        changes = list(threads.map(lambda folder: load(Settings(), [folder]), folders))
    assert all(len(change.added) == 1 for change in changes)
    assert held() == ["author0-2024", "author1-2024", "author2-2024", "author3-2024", "first-2024"]


def test_a_writer_that_waits_too_long_says_who_is_in_the_way(few: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    held()
    before = (few / snapshot.NAME).read_bytes()
    patient = filelock.FileLock
    monkeypatch.setattr(filelock, "FileLock", lambda path, timeout: patient(path, timeout=0.01))
    with patient(few / "writing.lock"), pytest.raises(StoreUnavailable, match="Another program") as caught:
        load(Settings(), [write(sheet())])
    assert str(few) in str(caught.value)
    assert (few / snapshot.NAME).read_bytes() == before


def test_readers_need_no_lock(few: Path) -> None:
    held()
    with filelock.FileLock(few / "writing.lock"):
        assert held() == ["garg-2012", "menon-2012", "wu-2015"]
