"""Writing a data set: hidden until it is complete, dataset.json last."""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.sync import sync

from genint.atomic import replacing
from genint.datasets.dataset import CHUNK_BP, FORMAT_VERSION, SEGMENT_COLUMNS, Segment
from genint.errors import OutputError, cannot_write
from genint.genome import dna
from genint.genome.fasta import Assembly
from genint.genome.region import Region
from genint.genome.relatives import RelativeInfo
from genint.text import write_tsv
from genint.tracks.table import TrackTable

Targets = npt.NDArray[np.float32 | np.float16]


@contextmanager
def create_dataset(
    out: Path,
    *,
    bin_bp: int,
    assembly: Assembly,
    tracks: TrackTable,
    chunk_bp: int = CHUNK_BP,
    chunk_bins: int | None = None,
    dtype: str = "float32",
    relatives: Sequence[RelativeInfo] = (),
) -> Iterator["TrackDatasetWriter"]:
    """A writer of the data set `out`, which is there when the block ends well and leaves nothing when it does not.

    Where every segment has `chunk_bp` of DNA and `chunk_bins` bins, each has its own chunk. `relatives` are those whose
    DNA comes with each segment. Raises OutputError when `out` is there already and when the system refuses to write.
    """
    if out.exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another `out`")
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as folder:
        chunks = chunk_bp, chunk_bins or max(chunk_bp // bin_bp, 1)
        writer = TrackDatasetWriter(
            folder,
            out,
            bin_bp=bin_bp,
            assembly=assembly,
            tracks=tracks,
            chunks=chunks,
            dtype=dtype,
            relatives=relatives,
        )
        yield writer
        writer.close()


class TrackDatasetWriter:
    """Writes the segments of a data set in order into `folder`, which messages call `out`. See create_dataset."""

    def __init__(
        self,
        folder: Path,
        out: Path,
        *,
        bin_bp: int,
        assembly: Assembly,
        tracks: TrackTable,
        chunks: tuple[int, int],
        dtype: str,
        relatives: Sequence[RelativeInfo],
    ) -> None:
        self.folder, self._out, self._bin_bp, self._assembly = folder, out, bin_bp, assembly
        self._segments: list[Segment] = []
        self._content = {name: hashlib.sha256() for name in ("dna", "targets", *(["relatives"] if relatives else []))}
        common: dict[str, Any] = {
            "compressors": [ZstdCodec(level=3), Crc32cCodec()],
            "config": {"write_empty_chunks": True},  # a chunk without a file is a lost one
        }
        chunk_bp, chunk_bins = chunks
        with self._report_refusals():
            folder.mkdir()
            tracks.write(folder / "tracks.tsv")
            arrays = zarr.open_group(folder / "arrays.zarr", mode="w")
            self._dna: Any = arrays.create_array(
                "dna", shape=(0,), chunks=(chunk_bp,), dtype="uint8", fill_value=dna.UNKNOWN, **common
            )
            self._targets: Any = arrays.create_array(
                "targets",
                shape=(0, len(tracks)),
                chunks=(chunk_bins, len(tracks)),
                dtype=dtype,
                fill_value=np.nan,
                **common,
            )
            self._relatives: Any = None
            if relatives:
                write_tsv(folder / "relatives.tsv", pd.DataFrame(relatives))
                self._relatives = arrays.create_array(
                    "relatives",
                    shape=(len(relatives), 0),
                    chunks=(1, chunk_bp),
                    dtype="uint8",
                    fill_value=dna.UNKNOWN,
                    **common,
                )

    def add(
        self,
        region: Region,
        split: str,
        *,
        dna_start: int,
        tokens: Iterable[dna.Tokens],
        targets: Iterable[Targets],
        relatives: Iterable[dna.Tokens] = (),
    ) -> None:
        """Append a segment: its DNA from base `dna_start` of the chromosome on, and targets (bins, T), both in blocks.

        `relatives`: as much DNA, in one piece, of each in turn. ValueError when they do not cover the region, or each
        other.
        """
        base, first_bin = self._dna.shape[0], self._targets.shape[0]
        for block in tokens:
            self._append(self._dna, block)
        for values in targets:
            self._append(self._targets, values)
        if self._relatives is not None:
            self._append_relatives(relatives, self._dna.shape[0] - base)
        dna_end = dna_start + self._dna.shape[0] - base
        segment = Segment(region.chrom, region.start, region.end, split, dna_start, dna_end, base, first_bin)
        bins = self._targets.shape[0] - first_bin
        if bins != segment.bins(self._bin_bp) or not dna_start <= segment.start < segment.end <= dna_end:
            raise ValueError(f"{segment}: {bins} bins, DNA [{dna_start}, {dna_end})")
        self._segments.append(segment)

    def _append(self, array: Any, block: npt.NDArray[Any]) -> None:
        stored = np.ascontiguousarray(block, dtype=array.dtype)
        with self._report_refusals():
            array.append(stored)
        self._content[array.basename].update(stored.data)

    def _append_relatives(self, relatives: Iterable[dna.Tokens], length: int) -> None:
        layers, base = self._relatives.shape
        with self._report_refusals():
            self._relatives.resize((layers, base + length))
        for layer, tokens in zip(range(layers), relatives, strict=True):
            if len(tokens) != length:
                raise ValueError(f"{len(tokens)} bases of relative {layer}, DNA of {length}")
            with self._report_refusals():
                self._relatives[layer, base:] = tokens
            self._content["relatives"].update(np.ascontiguousarray(tokens).data)

    def close(self) -> None:
        """Write the table of segments and the header."""
        rows = [[getattr(segment, name) for name in SEGMENT_COLUMNS] for segment in self._segments]
        header = {
            "format_version": FORMAT_VERSION,
            "bin_bp": self._bin_bp,
            "assembly": {"name": self._assembly.name, "sizes": self._assembly.sizes},
            "content": {name: digest.hexdigest() for name, digest in self._content.items()},
        }
        with self._report_refusals():
            write_tsv(self.folder / "segments.tsv", pd.DataFrame(rows, columns=list(SEGMENT_COLUMNS)))
            (self.folder / "dataset.json").write_text(json.dumps(header, indent=1, allow_nan=False) + "\n")

    @contextmanager
    def _report_refusals(self) -> Iterator[None]:
        """What the system refuses is reported with the name of the data set and how many bytes it had got."""
        try:
            yield
        except BaseException as error:
            sync(_wait_for_writes())
            if not isinstance(error, OSError):
                raise
            done = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
            reason = OSError(error.errno, f"{error.strerror or error}; {done:,} bytes of it were written")
            raise cannot_write(self._out, reason) from None


async def _wait_for_writes() -> None:
    """Zarr writes chunks side by side: when one fails, others are still being written, and cannot be removed yet."""
    current = asyncio.current_task()
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not current), return_exceptions=True)
