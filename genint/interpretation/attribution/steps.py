"""A trunk as a list of steps, each of which can run on a part of its tokens and knows how far a change reaches.

Letters in shapes: B batch, L tokens, C channels, O channels out.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from genint.models.window_attention import WindowAttention
from genint.models.window_attention_cpu import fits_chunks, transform_in_chunks


class Span(NamedTuple):
    """Tokens [first, last)."""

    first: int
    last: int

    def widen(self, tokens: int, length: int) -> "Span":
        """With so many more on each side, where the sequence of `length` has them."""
        return Span(max(self.first - tokens, 0), min(self.last + tokens, length))

    def within(self, outer: "Span") -> slice:
        """Where these tokens are among those of `outer`."""
        return slice(self.first - outer.first, self.last - outer.first)


class Step(ABC):
    """A step from L tokens to as many or half as many."""

    @abstractmethod
    def changes(self, changed: Span, length: int) -> Span:
        """The outputs that may change when these of the `length` inputs do."""

    @abstractmethod
    def reads(self, outputs: Span, length: int) -> Span:
        """The inputs that these outputs are computed from."""

    @abstractmethod
    def run(self, x: Tensor, inputs: Span, outputs: Span, length: int) -> Tensor:
        """Inputs (B, tokens of `inputs`, C), which hold all that is read -> (B, tokens of `outputs`, O)."""


@dataclass(frozen=True)
class Local(Step):
    """An output is a function of the token and of `reach` more on each side, zeros beyond the sequence's ends."""

    function: Callable[[Tensor], Tensor]
    reach: int = 0

    def changes(self, changed: Span, length: int) -> Span:
        """See Step."""
        return changed.widen(self.reach, length)

    def reads(self, outputs: Span, length: int) -> Span:
        """See Step."""
        return outputs.widen(self.reach, length)

    def run(self, x: Tensor, inputs: Span, outputs: Span, length: int) -> Tensor:
        """See Step."""
        return self.function(x)[:, outputs.within(inputs)]


@dataclass(frozen=True)
class Halve(Step):
    """An output is a function of two tokens and of `reach` more on each side."""

    function: Callable[[Tensor], Tensor]
    reach: int = 0

    def changes(self, changed: Span, length: int) -> Span:
        """See Step."""
        wide = changed.widen(self.reach, length)
        return Span(wide.first // 2, -(-wide.last // 2))

    def reads(self, outputs: Span, length: int) -> Span:
        """See Step; it begins and ends with pairs."""
        return Span(2 * outputs.first, 2 * outputs.last).widen(self.reach + self.reach % 2, length)

    def run(self, x: Tensor, inputs: Span, outputs: Span, length: int) -> Tensor:
        """See Step."""
        return self.function(x)[:, outputs.within(Span(inputs.first // 2, inputs.last // 2))]


@dataclass(frozen=True)
class Everywhere(Step):
    """Every output is a function of every token."""

    function: Callable[[Tensor], Tensor]

    def changes(self, changed: Span, length: int) -> Span:
        """See Step."""
        return Span(0, length)

    def reads(self, outputs: Span, length: int) -> Span:
        """See Step."""
        return Span(0, length)

    def run(self, x: Tensor, inputs: Span, outputs: Span, length: int) -> Tensor:
        """See Step."""
        return self.function(x)[:, outputs.within(inputs)]


@dataclass(frozen=True)
class Windows(Step):
    """x + attention(x): an output is a function of the tokens of its window."""

    attention: WindowAttention

    def changes(self, changed: Span, length: int) -> Span:
        """See Step."""
        window, shift = self.attention.window, self.attention.shift
        first = (changed.first - shift) // window * window + shift
        last = -((shift - changed.last) // window) * window + shift
        if self.attention.circular and (first < 0 or last > length):  # a window holds both ends
            return Span(0, length)
        return Span(max(first, 0), min(last, length))

    def reads(self, outputs: Span, length: int) -> Span:
        """See Step. `outputs` are complete windows, as `changes` gives them."""
        return outputs

    def run(self, x: Tensor, inputs: Span, outputs: Span, length: int) -> Tensor:
        """See Step."""
        starts, ends = inputs.first == 0, inputs.last == length
        if x.device.type == "cpu" and fits_chunks(self.attention):
            return transform_in_chunks(x, self.attention, None, starts=starts, ends=ends)
        if self.attention.circular and starts and ends:
            attended: Tensor = self.attention(x)
            return x + attended
        return x + self.attention.attend_part(x, starts=starts, ends=ends)
