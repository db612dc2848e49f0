"""Genomes of the tests of this room, each test's own copy."""

import shutil
from pathlib import Path

import pytest

from tests.genome.fastas import LARGE, YEAST, bgzipped, fasta, written


@pytest.fixture
def yeast(tmp_path: Path) -> Path:
    return written(tmp_path / "yeast.fa", fasta(YEAST))


@pytest.fixture(scope="module")
def packed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bgzipped(tmp_path_factory.mktemp("packed") / "large.fa.gz", fasta(LARGE))


@pytest.fixture
def packed(packed_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(packed_once, tmp_path))
