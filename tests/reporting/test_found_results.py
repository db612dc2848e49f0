"""What a folder is found to hold, as the commands write it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from genint.errors import InputError
from genint.output.bigwig import BigWigWriter
from genint.reporting.found_results import Result, check_genome, find_places, find_results, find_sizes
from tests.reporting.conftest import SIZES


def by_kind(folder: Path) -> dict[str, Result]:
    return {result.kind: result for result in find_results(folder)}


def test_everything_that_the_commands_wrote_is_found(all_results: Path) -> None:
    found = by_kind(all_results)
    assert {kind: result.path.name for kind, result in found.items()} == {
        "predictions": "run",
        "attribution": "why",
        "attention": "attention",
        "variant tracks": "alleles",
        "variants": "variants.tsv",
    }
    assert [path.name for path in found["attribution"].bigwigs] == ["contributions.bw"]
    assert found["variant tracks"].bigwigs[0].name == "atac.alt.bw"
    assert "layers.png" in [path.name for path in found["attention"].pictures]
    assert [path.parent.name for path in found["attribution"].pictures] == ["logos"]
    assert found["attention"].tables == [all_results / "attention" / "worth.tsv"]


def test_a_folder_of_one_result_is_that_result(all_results: Path) -> None:
    for name, kind in (("run", "predictions"), ("why", "attribution"), ("attention", "attention")):
        assert find_results(all_results / name) == [Result(kind, all_results / name)]  # type: ignore[arg-type]


def test_tracks_of_a_variant_whose_first_alternative_has_none_are_found(all_results: Path, tmp_path: Path) -> None:
    for name, copied in (("atac.ref.bw", "atac.ref.bw"), ("atac.alt.bw", "atac.alt2.bw")):
        shutil.copy(all_results / "alleles" / name, tmp_path / copied)
    assert [result.kind for result in find_results(tmp_path)] == ["variant tracks"]


def test_each_says_where_to_look(all_results: Path) -> None:
    found = by_kind(all_results)
    places = {kind: [str(row.region) for row in find_places(result, SIZES)] for kind, result in found.items()}
    assert places["attribution"] == ["chr3:1,001-1,040"]
    assert places["attention"] == ["chr3:1,001-1,300"]
    assert places["variants"] == places["predictions"] == []
    (window,) = places["variant tracks"]
    assert window.startswith("chr1:122,")


def test_the_genome_is_that_of_the_bigwigs_and_all_must_agree(all_results: Path, tmp_path: Path) -> None:
    others = [result for result in find_results(all_results) if result.kind != "predictions"]
    assert find_sizes(others) == SIZES
    assert find_sizes([Result("variants", all_results / "variants.tsv")]) == {}
    shutil.copytree(all_results / "why", tmp_path / "why")
    with BigWigWriter(tmp_path / "why" / "contributions.bw", {"chr1": 99}, bin_bp=1) as writer:
        writer.add("chr1", 0, np.ones(3, np.float32))
    with pytest.raises(InputError, match=r"contributions\.bw: is on another genome"):
        check_genome(Result("attribution", tmp_path / "why"), SIZES)


def test_a_folder_that_is_called_like_a_table_is_none(all_results: Path, tmp_path: Path) -> None:
    shutil.copytree(all_results / "why", tmp_path / "all" / "why")
    (tmp_path / "all" / "x.tsv").mkdir()
    assert list(by_kind(tmp_path / "all")) == ["attribution"]


def test_a_folder_without_results_and_one_with_two_runs_are_refused(tmp_path: Path, finished_run: Path) -> None:
    with pytest.raises(InputError, match="holds nothing that genint"):
        find_results(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        find_results(tmp_path / "nothing")
    for name in ("one", "two"):
        shutil.copytree(finished_run, tmp_path / name)
    with pytest.raises(InputError, match="holds 2 runs of genint predict: one, two"):
        find_results(tmp_path)
