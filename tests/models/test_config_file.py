"""config.json: what is written is read back as it was, and what does not fit is named with its place."""

import json
from dataclasses import MISSING, asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.models.bundled import BUNDLED, DEFAULT_MODEL
from genint.models.config_file import from_json, read_assembly, read_config, read_header, write_config
from genint.models.interpreter import InterpreterConfig
from genint.models.registry import ARCHITECTURES
from genint.models.swin1d import BlockConfig, LayerConfig
from tests.conftest import tiny_config

PRESETS = [(name, preset) for name, kind in ARCHITECTURES.items() for preset in kind.presets]

sizes = st.integers(1, 40)
layer_fields: dict[str, Any] = {
    "heads": sizes,
    "head_width": sizes.map(lambda half: 2 * half),
    "positions": st.sampled_from(["rotary", "basis", "bias"]),
    "hidden": sizes,
    "feed_forward": st.sampled_from(["plain", "depthwise", "conv"]),
    "conv_width": sizes.map(lambda half: 2 * half + 1),
    "dilation": sizes,
    "dropout": st.floats(0, 0.99),
    "drop_path": st.floats(0, 0.99),
    "residual_scale": st.floats(0, 2),
}
block_fields = layer_fields | {
    "channels": sizes,
    "window": st.sampled_from([2, 4]),
    "wrap": st.sampled_from(["mask", "paper"]),
    "merge": st.sampled_from(["linear", "conv"]),
}
configs = st.builds(
    InterpreterConfig,
    core_bp=st.just(64),
    context_bp=st.just(8),
    bin_bp=st.just(4),
    stem_width=sizes.map(lambda half: 2 * half + 1),
    blocks=st.tuples(*2 * [st.builds(BlockConfig, **block_fields)]),
    bin_channels=sizes,
    final=st.lists(st.builds(LayerConfig, **layer_fields), max_size=3).map(tuple),
)


@given(configs)
def test_any_config_is_read_back_as_it_was_written(config: InterpreterConfig) -> None:
    assert from_json(InterpreterConfig, json.loads(json.dumps(asdict(config))), "config") == config


@pytest.mark.parametrize(("architecture", "preset"), PRESETS)
def test_a_preset_is_read_back_as_it_was_written(architecture: str, preset: str) -> None:
    kind = ARCHITECTURES[architecture]
    config = kind.presets[preset]()
    assert from_json(kind.config, json.loads(json.dumps(asdict(config))), "config") == config


def test_the_bundled_config_is_what_would_be_written_today() -> None:
    folder = BUNDLED / DEFAULT_MODEL
    header = read_header(folder)
    again = write_config(
        name=header["name"],
        architecture=header["architecture"],
        config=read_config(folder, header),
        assembly=read_assembly(folder, header),
        training=header["training"],
    )
    assert again == (folder / "config.json").read_bytes()


def changed(path: list[Any], value: object) -> dict[str, Any]:
    """The tiny config as JSON, one value of it another."""
    config: dict[str, Any] = json.loads(json.dumps(asdict(tiny_config())))
    place: Any = config
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return config


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["stem_width"], 5.0, r"config.stem_width is 5.0, expected int"),
        (["stem_width"], True, r"config.stem_width is True, expected int"),
        (["stem_width"], None, r"config.stem_width is None, expected int"),
        (["stem_width"], 4, r"config: stem_width=4 must be odd"),
        (["blocks"], {}, r"config.blocks is \{\}, expected a list"),
        (["blocks", 3], 4, r"config.blocks\[3\] is 4, expected an object"),
        (["blocks", 3, "window"], "4", r"config.blocks\[3\].window is '4', expected int"),
        (["blocks", 3, "window"], 5, r"config.blocks\[3\]: window=5 must be even"),
        (["blocks", 3, "surprise"], 5, r"config.blocks\[3\] has unknown field\(s\) surprise"),
        (["blocks", 3, "wrap"], "round", r"config.blocks\[3\].wrap='round' is not one of mask, paper"),
        (["final", 0, "dropout"], "0.1", r"config.final\[0\].dropout is '0.1', expected float"),
        (["final", 0, "dropout"], True, r"config.final\[0\].dropout is True, expected float"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_place(path: list[Any], value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        from_json(InterpreterConfig, changed(path, value), "config")


@pytest.mark.parametrize("kind", [LayerConfig, BlockConfig, InterpreterConfig])
def test_a_field_is_missing_unless_it_has_a_default(kind: Any) -> None:
    example = {LayerConfig: tiny_config().final[0], BlockConfig: tiny_config().blocks[0]}.get(kind, tiny_config())
    complete = json.loads(json.dumps(asdict(example)))
    for field in fields(kind):
        less = {name: value for name, value in complete.items() if name != field.name}
        if field.default is MISSING:
            with pytest.raises(ValueError, match=rf"^it has missing field\(s\) {field.name}$"):
                from_json(kind, less, "it")
        elif field.name != "core_bp":  # whose default does not fit the tiny config
            assert from_json(kind, less, "it") == replace(example, **{field.name: field.default})


def test_an_integer_will_do_for_a_float() -> None:
    config = from_json(InterpreterConfig, changed(["final", 0, "dropout"], 0), "config")
    assert config == tiny_config()
