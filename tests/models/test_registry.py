"""Every architecture there is does what the registry promises."""

import pytest
import torch

from genint.models.registry import ARCHITECTURES, build

PRESETS = [(name, preset) for name, kind in ARCHITECTURES.items() for preset in kind.presets]


@pytest.mark.parametrize(("architecture", "preset"), PRESETS)
def test_a_preset_builds_a_model_of_its_geometry(architecture: str, preset: str) -> None:
    kind = ARCHITECTURES[architecture]
    config = kind.presets[preset]()
    assert isinstance(config, kind.config)
    with torch.device("meta"):
        module = build(architecture, config, 3)
    assert (module.config, module.geometry, module.n_tracks) == (config, config.geometry, 3)
    assert module.head.out_features == 3
    assert 0 < module.receptive_field_bp <= config.geometry.input_bp
    with torch.device("meta"):
        tokens = torch.zeros(1, config.geometry.input_bp, dtype=torch.uint8)
    assert module.eval()(tokens).shape == (1, config.geometry.core_bins, 3)
