import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genint.interpretation.attribution.steps import Everywhere, Halve, Local, Span, Windows
from genint.models.layers import MaxPool, token_conv
from genint.models.swin1d import ConvMerge
from genint.models.window_attention import WindowAttention, Wrap


def attention(shifted: bool, wrap: Wrap) -> WindowAttention:
    torch.manual_seed(0)
    made = WindowAttention(4, window=4, heads=1, head_width=4, shifted=shifted, positions="bias", wrap=wrap)
    return made.eval().requires_grad_(False)


def step(kind: str) -> Local | Halve | Windows | Everywhere:
    torch.manual_seed(0)
    if kind == "local":
        conv = token_conv(4, 4, 5)
        return Local(lambda x: conv(x.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2), 2)
    if kind == "merge":
        return Halve(ConvMerge(4, 4), 2)
    if kind == "pool":
        return Halve(MaxPool())
    if kind == "everywhere":
        return Everywhere(lambda x: x + x.mean(1, keepdim=True))
    wrap: Wrap = "paper" if kind == "circular" else "mask"
    return Windows(attention(kind in ("shifted", "circular"), wrap))


KINDS = ["local", "merge", "pool", "windows", "shifted", "circular", "everywhere"]


@pytest.mark.parametrize("kind", KINDS)
@given(first=st.integers(0, 23), size=st.integers(1, 10), seed=st.integers(0, 99))
@torch.no_grad()
def test_a_part_of_the_tokens_gives_what_the_whole_sequence_does(kind: str, first: int, size: int, seed: int) -> None:
    tested, length = step(kind), 24
    changed, whole = Span(first, min(first + size, length)), Span(0, length)
    torch.manual_seed(seed)
    before = torch.randn(2, length, 4)
    after = before.clone()
    after[:, changed.first : changed.last] = torch.randn(2, changed.last - changed.first, 4)
    everything = tested.changes(whole, length)
    expected = [tested.run(x, whole, everything, length) for x in (before, after)]
    outputs = tested.changes(changed, length)
    inputs = tested.reads(outputs, length)
    part = tested.run(after[:, inputs.first : inputs.last], inputs, outputs, length)
    torch.testing.assert_close(part, expected[1][:, outputs.first : outputs.last])
    same = torch.ones(everything.last, dtype=torch.bool)
    same[outputs.first : outputs.last] = False
    torch.testing.assert_close(expected[0][:, same], expected[1][:, same])


def test_a_window_that_holds_both_ends_carries_a_change_from_one_to_the_other() -> None:
    circular, masked = step("circular"), step("shifted")
    assert circular.changes(Span(0, 1), 24) == (0, 24)
    assert circular.changes(Span(3, 4), 24) == (2, 6)
    assert masked.changes(Span(0, 1), 24) == (0, 2)


def test_spans_are_places_in_one_another() -> None:
    assert Span(5, 7).within(Span(2, 9)) == slice(3, 5)
    assert Span(1, 7).widen(3, 8) == (0, 8)
