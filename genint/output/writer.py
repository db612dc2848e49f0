"""What every output format has in common: a file is written under a hidden name and takes its own once complete."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

from genint.arrays import F32
from genint.atomic import hidden
from genint.errors import cannot_write


class TrackWriter(ABC):
    """A file of fixed-width bins, written front to back; it appears at `path` only when complete.

    `sizes` gives every chromosome of the genome and its length; bins arrive in that order. `tracks` are the identifiers
    of the tracks in the file: one, or all in a format that keeps them together (see formats.Format).

        with BedGraphWriter(path, {"chrI": 230218}, bin_bp=128) as writer:
            writer.add("chrI", 0, values)

    An exception inside the `with` leaves nothing behind; a killed process leaves a hidden `.NAME.PID-*.tmp`. Nothing
    is forced to the disk: to outlive a power cut, sync what `finish` returns before `close`, many files at once.

    A format is a subclass with `_add`, `_finish` and `_abandon`, which write to `hidden`. OSErrors that these and
    `open` raise become an OutputError that names `path`.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int], *, bin_bp: int, tracks: Sequence[str] = ()) -> None:
        self.path, self.hidden = path, hidden(path)
        self.sizes, self.bin_bp, self.tracks = dict(sizes), bin_bp, tuple(tracks)
        self._is_open, self._is_finished = True, False

    @classmethod  # noqa: B027  most formats hold any name
    def check_chroms(cls, chroms: Iterable[str]) -> None:
        """Raise InputError for a chromosome whose name the format cannot hold: before the work, not after it."""

    def add(self, chrom: str, first_bin: int, values: F32) -> None:
        """Values of the consecutive bins `first_bin`, `first_bin` + 1, ... of `chrom`; NaN where a value is missing.

        (bins,) of the one track, or (tracks, bins). The chromosome's last bin may be shorter than `bin_bp`. Calls come
        in the order of chromosomes and of bins.
        """
        if not self._is_open:
            raise ValueError(f"{self.path} is closed")
        try:
            self._add(chrom, first_bin, values)
        except BaseException as error:
            raise self._give_up(error) from None

    def finish(self) -> Path:
        """Complete the file, still under its hidden name, which is returned."""
        if not self._is_finished:
            try:
                self._finish()
            except BaseException as error:
                raise self._give_up(error) from None
            self._is_finished = True
        return self.hidden

    def close(self) -> None:
        """Complete the file and give it its name."""
        if self._is_open:
            self.finish()
            try:
                os.replace(self.hidden, self.path)
            except OSError as error:
                raise self._give_up(error) from None
            self._is_open = False

    def discard(self) -> None:
        """Remove what was written. `path` stays as it was."""
        if self._is_open:
            self._is_open = False
            self._abandon()

    def _give_up(self, error: BaseException) -> BaseException:
        """What to raise in place of `error`, now that nothing is left of the file."""
        self.discard()
        return cannot_write(self.path, error) if isinstance(error, OSError) else error

    @abstractmethod
    def _add(self, chrom: str, first_bin: int, values: F32) -> None: ...

    @abstractmethod
    def _finish(self) -> None: ...

    def _abandon(self) -> None:
        """Close and remove the hidden file."""
        self.hidden.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()
