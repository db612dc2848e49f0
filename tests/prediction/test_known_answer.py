"""The known answer is the bundled model's, and is missed by a model that computes otherwise."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from genint.arrays import F32
from genint.models.bundled import DEFAULT_MODEL, find_model
from genint.prediction import known_answer
from genint.prediction.known_answer import (
    ALLOWED,
    KNOWN_ANSWER,
    SEQUENCE_BP,
    compare_with_known_answer,
    known_sequence,
    predict_known,
)
from genint.tracks.table import read_tracks

CPU = torch.device("cpu")


def test_the_sequence_is_dna_of_one_tile_with_eight_promoters() -> None:
    sequence = known_sequence()
    assert (len(sequence), set(sequence)) == (SEQUENCE_BP, set("ACGT"))
    assert sequence.count("TTACCCGG") == 8
    assert sequence == known_sequence()


def test_the_file_holds_what_the_bundled_model_predicts(request: pytest.FixtureRequest) -> None:
    """--update-golden writes it anew, for another bundled model."""
    predicted = predict_known("cpu", "float32")
    names = [track.identifier for track in read_tracks(find_model(DEFAULT_MODEL) / "tracks.tsv")]
    if request.config.getoption("--update-golden"):
        rows = [names, *([f"{value:.6g}" for value in row] for row in predicted)]
        KNOWN_ANSWER.write_text("".join("\t".join(row) + "\n" for row in rows))
    assert KNOWN_ANSWER.read_text().splitlines()[0].split("\t") == names
    stored = np.loadtxt(KNOWN_ANSWER, skiprows=1)
    np.testing.assert_allclose(predicted, stored, atol=ALLOWED["float32"], rtol=0)
    assert min(np.ptp(stored, axis=0)) > ALLOWED["bfloat16"], "a track that hardly varies would show nothing"


@pytest.mark.parametrize("dtype", ALLOWED)
def test_this_machine_agrees_in_either_number_format(dtype: str) -> None:
    found = compare_with_known_answer(CPU, "float32" if dtype == "float32" else "bfloat16")
    assert found.agrees
    assert found.difference < found.allowed / 2


@pytest.mark.parametrize(
    "damage", [lambda values: values + 0.3, lambda values: values[::-1], lambda values: values * np.nan]
)
def test_another_answer_does_not_agree(damage: Callable[[F32], F32], monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.loadtxt(KNOWN_ANSWER, np.float32, skiprows=1)
    monkeypatch.setattr(known_answer, "predict_known", lambda device, dtype: damage(values))
    assert not compare_with_known_answer(CPU, "bfloat16").agrees
