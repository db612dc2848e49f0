"""Benchmarks are scripts that no test runs, but for that of GPUs, which few have; what others import must be there."""

import ast
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from genint.evaluation.results import ModelScores, Score, average_scores
from genint.models.registry import build
from tests.conftest import tiny_config

FOLDER = Path(__file__).parent.parent / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_benchmark_imports_what_there_is(script: Path) -> None:
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "genint":
                    import_module(alias.name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "genint":
            module = import_module(str(node.module))
            for alias in node.names:
                assert hasattr(module, alias.name) or import_module(f"{node.module}.{alias.name}")


def test_the_figures_of_a_gpu_are_printed_for_a_cpu_too(
    tiny_model: Path, example: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    gpu = import_module("gpu")
    words = f"--device cpu --no-compile --most 2 --matrix 32 --copy-mb 1 --repeats 1 --genome {example / 'genome.fa'}"
    gpu.main([*words.split(), "--model", str(tiny_model)])
    printed = capsys.readouterr().out
    passes = [line.split(" | ") for line in printed.splitlines() if line.startswith("| eager")]
    assert [(numbers, batch) for _, numbers, batch, *_ in passes] == [
        (numbers, batch) for numbers in ("float32", "bfloat16") for batch in ("1", "2")
    ]
    agreement = [float(columns[-1].removesuffix(" |")) for columns in passes]
    assert min(agreement[:2]) > 0.999_999
    assert 0.9 < min(agreement[2:]) < 1
    assert "| wall, s |" in printed


@pytest.mark.parametrize("positions", ["rotary", "bias"])
@pytest.mark.parametrize("left_out", [{}, {"heads": 0}, {"hidden": 0}])
def test_attention_written_the_textbook_way_computes_what_the_model_does(
    positions: str, left_out: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    config = tiny_config(
        block={"heads": 1, "hidden": 4, "positions": positions} | left_out, final={"positions": positions}
    )
    torch.manual_seed(1)
    model = build("interpreter", config, 3).eval()
    tokens = torch.randint(0, 4, (2, model.geometry.input_bp), dtype=torch.uint8)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(1.5)
        expected = model(tokens)
        found = import_module("forward").textbook(model)(tokens)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_a_batch_that_does_not_fit_ends_the_doubling(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    gpu = import_module("gpu")
    options = gpu.read_options(["--most", "64", "--repeats", "1", "--no-compile"])
    runner = gpu.Runner(gpu.open_model(str(tiny_model)), gpu.CPU, options)
    forward = runner._model.forward

    def forget(dna: torch.Tensor) -> torch.Tensor:
        if len(dna) > 4:
            raise torch.OutOfMemoryError
        tracks: torch.Tensor = forward(dna)
        return tracks

    monkeypatch.setattr(runner._model, "forward", forget)
    assert [each.batch for each in runner.run_all()] == [1, 2, 4, 1, 2, 4]


def test_a_table_leaves_tracks_out_of_means_and_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    table1 = import_module("table1")
    scores = [Score("m", name, "ATAC", 9, r, r, r) for name, r in (("one", 0.2), ("two", 0.4), ("three", 0.9))]
    sums = np.arange(18.0).reshape(6, 3)
    run = table1.Run("digest", ModelScores("m", scores, 0.5, {("chr1", 0): sums}))
    left = table1.leave_out(run, ["three"]).scores
    assert average_scores(left)[-1].pearson == pytest.approx(0.3)
    np.testing.assert_array_equal(left.blocks["chr1", 0], sums[:, :2])
    with pytest.raises(SystemExit, match="--without four: not a track"):
        table1.leave_out(run, ["four"])


@pytest.mark.parametrize("width", [500, 2_000])
def test_a_figure_is_saved_at_most_so_wide_whatever_its_width(
    width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    drawn, saved = tmp_path / "drawn.png", tmp_path / "saved.png"
    Image.new("RGB", (width, 100)).save(drawn)
    import_module("paper_figures").save_small(drawn, saved)
    with Image.open(saved) as image:
        assert image.width == min(width, 1_500)
