"""How scores fit measured effects, against the same worked out another way."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.interpretation.variants.run import VariantReport, variants_to_file
from genint.interpretation.variants.settings import plan_variants
from genint.interpretation.variants.truth import STATISTICS, agreement, read_truth, statistics
from tests.conftest import EXAMPLE, Run
from tests.interpretation.variants.motif_counter import counter_model

EVERY_STATUS = Path(__file__).parent / "every_status.vcf"
RNG = np.random.default_rng(0)
HEAD = "chrom\tpos\tref\talt\teffect\treplicate\n"


def pairs_won(positive: np.ndarray, negative: np.ndarray) -> float:
    return float(np.mean([(a > b) + (a == b) / 2 for a in positive for b in negative]))


def test_statistics_are_those_of_their_names() -> None:
    effect, scores = RNG.normal(size=60).round(1), RNG.normal(size=(60, 2)).round(1)
    large = np.abs(effect) > 1
    found = dict(zip(STATISTICS, statistics(effect, scores, large), strict=True))
    frame = pd.DataFrame({"effect": effect, "score": scores[:, 1]})
    assert found["pearson"][1] == pytest.approx(np.corrcoef(effect, scores[:, 1])[0, 1])
    assert found["spearman"][1] == pytest.approx(frame.rank().corr().iloc[0, 1])
    assert found["auroc_sign"][1] == pytest.approx(pairs_won(scores[effect > 0, 1], scores[effect < 0, 1]))
    sizes = np.abs(scores[:, 1])
    assert found["auroc_size"][1] == pytest.approx(pairs_won(sizes[large], sizes[~large]))


def make(n: int, noise: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    effect = RNG.normal(size=n)
    keys = pd.DataFrame({"chrom": "chr1", "pos": range(n), "ref": "A", "alt": "C"})
    truth = keys.assign(effect=effect, replicate=effect + noise * RNG.normal(size=n))
    scores = keys.assign(**{"a.logSUM": 2 * effect, "b.logSUM": RNG.normal(size=n)})
    return truth, scores


def test_a_perfect_score_is_1_a_random_one_is_near_nothing_and_the_ceiling_is_the_replicate_s() -> None:
    truth, scores = make(300, noise=1.0)
    found = agreement(truth, scores).table.set_index("track")
    assert found.loc["a", list(STATISTICS)].tolist() == pytest.approx([1, 1, 1, 1])
    (low, high), (ceiling_low, ceiling) = (
        found.loc[name, columns].astype(float)
        for name, columns in (("b", ["pearson_low", "pearson_high"]), ("ceiling", ["pearson_low", "pearson"]))
    )
    assert low < 0 < high
    assert 0.55 < ceiling_low < ceiling < 0.85
    assert found["n"].tolist() == [300, 300, 300]


def test_without_replicates_there_is_no_ceiling_and_missing_ones_are_left_out() -> None:
    truth, scores = make(30, noise=1.0)
    truth.loc[5:, "replicate"] = np.nan
    truth.loc[0, "effect"] = np.nan
    assert agreement(truth, scores).table["n"].tolist() == [29, 29, 4]
    alone = agreement(truth.assign(replicate=np.nan), scores)
    assert alone.table["track"].tolist() == ["a", "b"]
    assert (alone.measured, alone.scored) == (29, 29)


def test_a_statistic_that_is_undefined_is_none() -> None:
    truth, scores = make(20, noise=1.0)
    row = agreement(truth.assign(effect=truth["effect"].abs()), scores.assign(**{"b.logSUM": 0.0})).to_records()[1]
    assert row["pearson"] is row["auroc_sign"] is row["auroc_sign_low"] is None
    assert row["auroc_size"] == 0.5


def test_too_few_variants_with_a_score_are_refused() -> None:
    truth, scores = make(9, noise=1.0)
    with pytest.raises(InputError, match="2 of its 9 measured"):
        agreement(truth, scores.iloc[:2])


WRONG_TABLES = {
    "empty": ("", "line 1: no column named chrom, pos, ref, alt, effect"),
    "no effect": ("chrom\tpos\tref\talt\nchr1\t5\tA\tC\n", "line 1: no column named effect"),
    "a cell short": (HEAD + "chr1\t5\tA\tC\t1\n", "line 2: found 5 column"),
    "place": (HEAD + "chr1\tx\tA\tC\t1\t1\n", "line 2: pos 'x'"),
    "far place": (HEAD + f"chr1\t{'9' * 5_000}\tA\tC\t1\t1\n", "line 2: pos '99999"),
    "number": (HEAD + "chr1\t5\tA\tC\tbig\t1\n", "line 2: effect 'big' is not a finite number"),
    "infinite": (HEAD + "chr1\t5\tA\tC\t-inf\t1\n", "line 2: effect '-inf' is not a finite number"),
    "digits of Python": (HEAD + "chr1\t5\tA\tC\t1_0\t1\n", "line 2: effect '1_0' is not a finite number"),
    "replicate": (HEAD + "chr1\t5\tA\tC\t1\t?\n", "line 2: replicate '\\?' is not a finite number"),
    "blank lines": ("\n" + HEAD + "\n\nchr1\tx\tA\tC\t1\t1\n", "line 5: pos 'x'"),
    "header after a blank line": ("\nchrom\tpos\tref\talt\n", "line 2: no column named effect"),
    "two effects": (
        HEAD.replace("replicate", "effect") + "chr1\t5\tA\tC\t1\t2\n",
        "line 1: more than one column named effect",
    ),
    "two rows": (HEAD + 2 * "chr1\t5\tA\tC\t1\t\n", r"holds 2 row\(s\)"),
}


@pytest.mark.parametrize("name", WRONG_TABLES)
def test_a_table_that_is_none_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    content, words = WRONG_TABLES[name]
    (tmp_path / "truth.tsv").write_text(content)
    with pytest.raises(InputError, match=f"truth.tsv.*{words}"):
        variants_to_file(
            EXAMPLE / "genome.fa",
            EVERY_STATUS,
            counter_model(),
            tmp_path / "o.tsv",
            truth=tmp_path / "truth.tsv",
            device="cpu",
        )
    assert [file.name for file in tmp_path.iterdir()] == ["truth.tsv"]


OF_TWO_SCORES = ["1 53635 c g", "chr1 62543 G T", "chr1 60000 A G", "chr1 63000 T *", "chr7 1 A C"]


def score_beside(folder: Path, rows: list[str]) -> VariantReport:
    text = HEAD + "".join(row.replace(" ", "\t") + "\t1\t\n" for row in rows)
    (folder / "truth.tsv").write_text(text)
    out, truth = folder / "o.tsv", folder / "truth.tsv"
    return variants_to_file(EXAMPLE / "genome.fa", EVERY_STATUS, counter_model(), out, truth=truth, device="cpu")


def test_a_truth_of_fewer_than_3_rows_with_a_score_is_refused_before_any_work(tmp_path: Path) -> None:
    """Of what the VCF has not, or has without a score: the rest of the five."""
    with pytest.raises(InputError, match=r"truth.tsv: 2 of its 5 measured row\(s\) have a score") as error:
        score_beside(tmp_path, OF_TWO_SCORES)
    assert "resumes" not in str(error.value)
    assert [file.name for file in tmp_path.iterdir()] == ["truth.tsv"]


def test_a_truth_of_3_rows_with_a_score_is_enough(tmp_path: Path) -> None:
    found = score_beside(tmp_path, [*OF_TWO_SCORES, "chr1 31361 C T"]).truth
    assert found is not None
    assert (found.measured, found.scored) == (6, 3)


def test_names_of_chromosomes_and_cases_of_letters_make_no_difference(tmp_path: Path) -> None:
    (tmp_path / "truth.tsv").write_text(HEAD + "1\t53635\tc\tg\t-1\t\nchr7\t1\tA\tC\t1\tNA\nchr1\t1\tA\tC\t1\t2\n")
    source = SequenceSource("ACGT" * 1_000, "chr1")
    table = read_truth(tmp_path / "truth.tsv", plan_variants(source, counter_model(), {"device": "cpu"}))
    assert table["chrom"].tolist() == ["chr1", "chr7", "chr1"]
    assert table["ref"].tolist() == ["C", "A", "A"]


def test_the_command_prints_how_the_scores_fit(tmp_path: Path, tiny_model: Path, genint: Run) -> None:
    rows = [
        "chr1 53635 C G -1.5 -1",
        "1 62543 G T 0.2 0.1",
        "chr1 31361 C T 1 2",
        "chr1 76647 G A 2 1",
        "chr1 5 A C 1 1",
    ]
    (tmp_path / "truth.tsv").write_text(HEAD + "".join(row.replace(" ", "\t") + "\n" for row in rows))
    command = ["variants", EXAMPLE / "genome.fa", EVERY_STATUS, "-o", tmp_path / "o.tsv", "-m", tiny_model, "-p", 1]
    command += ["-t", "atac", "--truth", tmp_path / "truth.tsv", "-q"]
    done = genint(*command)
    assert done.code == 0, done.err
    title, head, atac, ceiling = done.out.splitlines()[1:]
    assert title.startswith("4 of 5 measured variants have scores")
    assert head.split() == ["track", "n", *STATISTICS]
    assert (atac.split()[:2], ceiling.split()[:2]) == (["atac", "4"], ["ceiling", "4"])
    assert '"scored": 4' in genint(*command, "--json", "--overwrite").out
