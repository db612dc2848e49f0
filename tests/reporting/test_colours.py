"""Colours of assays."""

from genint.reporting.colours import COLOURS, colour_assays, darken, write_hex


def test_an_assay_has_the_same_colour_whatever_else_is_drawn() -> None:
    assert colour_assays(["RNA"])["RNA"] == colour_assays(["ATAC", "x", "RNA"])["RNA"] == (0, 158, 115)
    assert colour_assays(["rna"])["rna"] == (0, 158, 115)


def test_all_usual_assays_and_two_others_differ() -> None:
    assays = ["ATAC", "CAGE", "RNA", "CHIP", "MNASE", "other", "HIC"]
    assert len(set(colour_assays(assays).values())) == len(assays)


def test_a_colour_is_written_as_it_stands_in_the_list_and_its_shade_is_darker() -> None:
    assert write_hex(colour_assays(["CAGE"])["CAGE"]) == COLOURS[1]
    assert all(dark <= light for dark, light in zip(darken((213, 94, 0)), (213, 94, 0), strict=True))
