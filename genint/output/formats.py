"""The formats that predictions are written in. A new one is a TrackWriter in a file of its own, and a line in FORMATS.

Nothing heavy is imported here, as the command line reads the names: a writer is loaded when it is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from genint.output.bigwig import BinReader
    from genint.output.writer import TrackWriter
    from genint.tracks.table import TrackTable

FormatName = Literal["bigwig", "bedgraph", "zarr"]  # for the command line; FORMATS is what counts


class OutputFile(NamedTuple):
    """A file of a run: its name, and which rows of the spool it holds."""

    name: str
    rows: slice


@dataclass(frozen=True, kw_only=True)
class Format:
    """How predictions are stored.

    `suffix`: how file names end. `writer`: the TrackWriter, or where it is, as `module:Class`. `bytes_per_value`:
    about, while it is written. `has_file_per_track`: if not, one file holds all tracks. `reader`: what reads exact bins
    back, as BinReader does; runs in formats that have one can be merged.
    """

    suffix: str
    writer: "str | type[TrackWriter]"
    bytes_per_value: int
    has_file_per_track: bool = True
    reader: "str | type[BinReader] | None" = None

    def load_writer(self) -> "type[TrackWriter]":
        return _load(self.writer)  # type: ignore[no-any-return]

    def load_reader(self) -> "type[BinReader]":
        """ValueError for a format that has none."""
        if self.reader is None:
            raise ValueError(f"files that end in {self.suffix} have no reader")
        return _load(self.reader)  # type: ignore[no-any-return]

    def files(self, tracks: "TrackTable", *, with_sd: bool) -> list[OutputFile]:
        """A file per track, or one of all; then, with standard deviations, the same again for these."""
        suffixes = [self.suffix, f".sd{self.suffix}"] if with_sd else [self.suffix]
        if self.has_file_per_track:
            names = [name for suffix in suffixes for name in tracks.file_names(suffix)]
            return [OutputFile(name, slice(row, row + 1)) for row, name in enumerate(names)]
        n_tracks = len(tracks)
        return [
            OutputFile(f"predictions{suffix}", slice(number * n_tracks, (number + 1) * n_tracks))
            for number, suffix in enumerate(suffixes)
        ]


# Full-precision floats hardly compress; zoom levels add a third, and a zarr store is there twice while it is zipped.
FORMATS: dict[str, Format] = {
    "bigwig": Format(
        suffix=".bw",
        writer="genint.output.bigwig:BigWigWriter",
        bytes_per_value=6,
        reader="genint.output.bigwig:BinReader",
    ),
    "bedgraph": Format(suffix=".bedgraph", writer="genint.output.bedgraph:BedGraphWriter", bytes_per_value=36),
    "zarr": Format(
        suffix=".zarr.zip", writer="genint.output.zarr:ZarrWriter", bytes_per_value=8, has_file_per_track=False
    ),
}


def mergeable_suffixes() -> Sequence[str]:
    """How the names of files that can be merged end."""
    return [each.suffix for each in FORMATS.values() if each.reader]


def _load(what: "str | type[Any]") -> Any:
    return resolve_name(what) if isinstance(what, str) else what
