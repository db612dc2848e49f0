import numpy as np
import torch

from genint.interpretation.attribution.target import Target, all_bins
from tests.interpretation.attribution.toys import make, random_dna


def test_a_target_is_the_log_of_the_sum_over_its_bins_and_tracks() -> None:
    module = make("cnn")
    dna = random_dna(module)
    tracks = module(dna)[0].double().numpy()
    score = Target(slice(2, 4), (1,)).score(module, dna)
    np.testing.assert_allclose(float(score), np.log(1 + tracks[2, 1] + tracks[3, 1]), rtol=1e-6)
    np.testing.assert_allclose(
        float(all_bins(module, range(3)).score(module, dna)), np.log(1 + tracks.sum()), rtol=1e-6
    )


def test_a_score_holds_more_digits_than_float32() -> None:
    module = make("cnn")
    assert all_bins(module, [0]).score(module, random_dna(module)).dtype == torch.float64
