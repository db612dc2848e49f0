from pathlib import Path

import numpy as np
import pytest

from genint.errors import InputError
from genint.reporting.logos import MOST_LETTERS, plot_contributions, strongest_stretch
from genint.reporting.plots import save_figure

SEQUENCE = "ACGTN" * 60
CONTRIBUTIONS = np.where(np.arange(300) % 5 == 4, 0, np.sin(np.arange(300) / 9) ** 9).astype(np.float32)


def test_letters_are_drawn_where_contributions_are_strongest() -> None:
    quiet = np.zeros(500, np.float32)
    quiet[200:210] = -1
    assert 200 - MOST_LETTERS + 10 <= strongest_stretch(quiet, MOST_LETTERS) <= 200
    assert strongest_stretch(quiet[:30], MOST_LETTERS) == 0


def test_axes_are_positions_as_browsers_write_them() -> None:
    figure = plot_contributions("chrI", 1_000, SEQUENCE, CONTRIBUTIONS)
    above, below = figure.axes
    assert above.get_xlim() == (1_000.5, 1_300.5)
    assert below.get_xlabel() == "chrI, bp"
    low, high = below.get_xlim()
    assert 1_000 < low < high < 1_301


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sequence", ["N" * 100, "ACGT" * 25, "N"])
def test_nothing_to_draw_is_drawn_without_a_warning(sequence: str) -> None:
    above, below = plot_contributions("chrI", 1_000, sequence, np.zeros(len(sequence), np.float32)).axes
    assert above.get_xlim()[0] == below.get_xlim()[0] == 1_000.5
    assert below.get_xlim()[1] == 1_000.5 + min(len(sequence), MOST_LETTERS)


def test_a_figure_is_saved_as_png_and_svg(tmp_path: Path) -> None:
    figure = plot_contributions("chrI", 0, SEQUENCE[:40], CONTRIBUTIONS[:40])
    files = save_figure(figure, tmp_path / "logo")
    assert [file.suffix for file in files] == [".png", ".svg"]
    assert all(file.stat().st_size > 1_000 for file in files)


def test_without_logomaker_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "logomaker", None)
    with pytest.raises(InputError, match="pip install"):
        plot_contributions("chrI", 0, SEQUENCE, CONTRIBUTIONS)
