"""Model folders: what is saved is loaded, complete or not at all."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from genint.errors import InputError, OutputError
from genint.genome.fasta import Assembly
from genint.models import folder as folder_module
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import convert_model, load_model, load_trunk, save_model, save_trunk
from genint.models.registry import build
from genint.tracks.table import read_tracks
from tests.conftest import EXAMPLE, save_copy, tiny_config

ASSEMBLY = Assembly("toy", {"chr1": 10, "chr2": 5})


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    tracks = read_tracks(EXAMPLE / "tracks.tsv")
    module = build("interpreter", tiny_config(), len(tracks))
    training = {"steps": 5, "score": None}
    save_model(
        tmp_path / "m", module, tracks, ASSEMBLY, architecture="interpreter", name="Mine", training=training, card="# C"
    )
    model = load_model(tmp_path / "m")
    assert (model.name, model.architecture, model.config) == ("Mine", "interpreter", tiny_config())
    assert (model.assembly, model.training, list(model.tracks)) == (ASSEMBLY, training, list(tracks))
    assert (tmp_path / "m" / "README.md").read_text() == "# C"
    assert sorted(file.name for file in (tmp_path / "m").iterdir()) == [
        *("README.md", "config.json", "model.safetensors", "tracks.tsv")
    ]
    for name, tensor in module.state_dict().items():
        assert torch.equal(model.module.state_dict()[name], tensor)
    assert not model.module.training
    assert not any(parameter.requires_grad for parameter in model.module.parameters())


def test_a_model_without_a_name_or_card_takes_the_folders(tmp_path: Path, tiny_model: Path) -> None:
    model = load_model(tiny_model)
    save_model(tmp_path / "m", model.module, model.tracks, ASSEMBLY, architecture="interpreter")
    assert load_model(tmp_path / "m").name == "m"
    assert (tmp_path / "m" / "README.md").read_text() == "# m\n"


def test_a_model_prints_as_one_line(tiny_model: Path) -> None:
    model = load_model(tiny_model)
    count = sum(parameter.numel() for parameter in model.module.parameters())
    assert repr(model) == f"Model('tiny', interpreter, {count:,} parameters, 7 tracks in bins of 128 bp)"


def test_the_bundled_model_is_loaded_unless_another_is_named() -> None:
    assert repr(load_model()).startswith(f"Model('{DEFAULT_MODEL}', interpreter, 4,607,256 parameters, 20 tracks ")


def test_the_digest_is_of_weights_config_and_tracks_and_not_of_the_card(tmp_path: Path, tiny_model: Path) -> None:
    model = load_model(tiny_model)
    again = load_model(save_copy(tmp_path / "again", model, card="# another\n"))
    module = load_model(tiny_model).module
    with torch.no_grad():
        module.head.bias[0] += 1
    digests = {
        model.digest,
        load_model(save_copy(tmp_path / "name", model, name="other")).digest,
        load_model(save_copy(tmp_path / "weights", model, module=module)).digest,
    }
    assert (again.digest, len(digests)) == (model.digest, 3)


def test_a_write_that_fails_leaves_no_config_and_nothing_half_written(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> bytes:
        return b"x" * 10

    monkeypatch.setattr(folder_module, "save", full)
    model, out = load_model(tiny_model), tmp_path / "m"
    (out / "model.safetensors").mkdir(parents=True)
    (out / "model.safetensors" / "in_the_way").write_text("")
    with pytest.raises(OutputError, match="m: cannot write"):
        save_copy(out, model)
    assert sorted(file.name for file in out.iterdir()) == ["README.md", "model.safetensors", "tracks.tsv"]


def test_float16_is_half_the_size_and_close(tmp_path: Path, tiny_model: Path) -> None:
    convert_model(tiny_model, tmp_path / "half")
    full, half = load_model(tiny_model), load_model(tmp_path / "half")
    weights = load_file(tmp_path / "half" / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    assert (half.name, half.config, half.training) == ("half", full.config, full.training)
    for name, tensor in full.module.state_dict().items():
        torch.testing.assert_close(half.module.state_dict()[name], tensor, rtol=1e-3, atol=1e-6)


def test_float32_of_float16_predicts_the_same_bits(tmp_path: Path, tiny_model: Path) -> None:
    convert_model(tiny_model, tmp_path / "half")
    convert_model(tmp_path / "half", tmp_path / "full", "float32")
    half, full = load_model(tmp_path / "half").module.state_dict(), load_model(tmp_path / "full").module.state_dict()
    assert all(torch.equal(half[name], full[name]) for name in full)
    assert load_file(tmp_path / "full" / "model.safetensors")["head.bias"].dtype == torch.float32


def test_the_card_goes_along_with_a_conversion(tmp_path: Path, tiny_model: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(tiny_model, source)
    (source / "README.md").write_text("# Read me\n")
    convert_model(source, tmp_path / "a")
    (source / "README.md").unlink()
    convert_model(source, tmp_path / "b")
    assert [(tmp_path / name / "README.md").read_text() for name in "ab"] == ["# Read me\n", "# b\n"]


def test_weights_too_large_for_float16_are_refused_and_nothing_is_written(tmp_path: Path, tiny_model: Path) -> None:
    model = load_model(tiny_model)
    model.module.head.bias[0] = 1e6
    source = save_copy(tmp_path / "large", model)
    with pytest.raises(InputError, match=r"large: the tensor head.bias holds values that are too large for float16"):
        convert_model(source, tmp_path / "half")
    assert not (tmp_path / "half").exists()


def test_a_conversion_replaces_nothing(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(OutputError, match=r"is there already\. Remove it, or choose another `out`"):
        convert_model(tiny_model, tmp_path)


def test_a_trunk_is_saved_without_its_head_and_tracks(tmp_path: Path) -> None:
    module = build("interpreter", tiny_config(), 1)
    genomes = Assembly("a, b", {})
    save_trunk(tmp_path / "t", module, genomes, architecture="interpreter", training={"steps": 3}, card="# T")
    assert sorted(file.name for file in (tmp_path / "t").iterdir()) == ["README.md", "config.json", "model.safetensors"]
    trunk = load_trunk(tmp_path / "t")
    assert (trunk.name, trunk.architecture, trunk.config) == ("t", "interpreter", tiny_config())
    assert trunk.training == {"steps": 3}
    expected = module.trunk_weights()
    assert trunk.weights.keys() == expected.keys()
    assert all(torch.equal(trunk.weights[name], expected[name]) for name in expected)
    other = build("interpreter", tiny_config(), 5)
    other.load_trunk(trunk.weights)
    assert torch.equal(other.state_dict()["stem.weight"], expected["stem.weight"])
    with pytest.raises(InputError, match="t: was pretrained on DNA alone and predicts no tracks"):
        load_model(tmp_path / "t")


def test_the_trunk_of_a_model_is_that_of_its_module(tiny_model: Path) -> None:
    model, trunk = load_model(tiny_model), load_trunk(tiny_model)
    assert (trunk.digest, trunk.name, trunk.config) == (model.digest, model.name, model.config)
    assert trunk.weights.keys() == model.module.trunk_weights().keys()


def test_a_trunk_with_weights_of_another_config_is_refused(tmp_path: Path) -> None:
    module = build("interpreter", tiny_config(), 1)
    save_trunk(tmp_path / "t", module, Assembly("a", {}), architecture="interpreter", training={}, card="")
    config = (tmp_path / "t" / "config.json").read_text()
    (tmp_path / "t" / "config.json").write_text(config.replace('"bin_channels": 4', '"bin_channels": 6'))
    with pytest.raises(InputError, match=r"the tensor .* has shape"):
        load_trunk(tmp_path / "t")
