"""What may be drawn: the short way to the candidates gives those of the long way, or says that it cannot tell."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.nn.sampling import OwnDraws, Sampler, Sampling, among_best, penalised, top_k, top_p

VOCABULARY = 80


@st.composite
def asked(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
    """Logits (rows, 2, vocabulary), sharp or flat, some rounded so that there are equals; shares and counts of rows."""
    rows, seed = draw(st.integers(1, 3)), draw(st.integers(0, 2**31))
    spread, rounded = draw(st.sampled_from([0.1, 1.0, 4.0, 30.0])), draw(st.booleans())
    logits = torch.randn(rows, 2, VOCABULARY, generator=torch.Generator().manual_seed(seed)) * spread
    shares = [draw(st.sampled_from([0.05, 0.5, 0.7, 0.95, 1.0])) for _ in range(rows)]
    counts = [draw(st.integers(1, 40)) for _ in range(rows)]
    return logits.round() if rounded else logits, torch.tensor(shares)[:, None, None], counts


@settings(max_examples=300, deadline=None)
@given(asked())
def test_the_short_way_is_the_long_way(given: tuple[torch.Tensor, torch.Tensor, list[int]]) -> None:
    logits, share, counts = given
    short = among_best(logits, share, counts)
    if short is not None:
        exact = top_k(top_p(logits, share), counts)
        assert torch.equal(short.softmax(-1), exact.softmax(-1)), "to the last bit"


def test_the_short_way_is_usually_enough() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(100, 4, 626, generator=generator) * 3
    share, counts = torch.full((100, 1, 1), 0.7), [20] * 100
    told = [among_best(logits[at : at + 1], share[:1], counts[:1]) is not None for at in range(100)]
    assert sum(told) >= 95


@pytest.mark.parametrize(
    ("logits", "share", "counts"),
    [
        ([3.0, 2.0, 2.0, 1.0, 0.0, -1.0], 0.7, [4]),  # equals
        ([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], 0.7, [0]),  # a row that keeps all
        ([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], 0.7, [6]),  # as many as there are
    ],
)
def test_where_it_does_not_tell(logits: list[float], share: float, counts: list[int]) -> None:
    assert among_best(torch.tensor([[logits]]), torch.tensor([[[share]]]), counts) is None


def test_a_sum_at_its_share_is_not_told() -> None:
    chances = torch.tensor([0.4, 0.2, 0.11, 0.09, 0.08, 0.06, 0.04, 0.02])
    assert among_best(chances.log()[None, None], torch.tensor([[[0.8]]]), [6]) is None
    assert among_best(chances.log()[None, None], torch.tensor([[[0.75]]]), [6]) is not None


def test_penalties_count_what_each_row_drew_lately() -> None:
    logits = torch.ones(2, 2, 5)
    logits[:, :, 4] = -1.0
    kinds = [Sampling(penalty=2.0, window=2), Sampling(penalty=3.0, window=16)]
    drawn = [torch.tensor([[0, 0], [1, 4], [1, 4]]), torch.tensor([[2, 3]])]
    found = penalised(logits, kinds, drawn)
    assert found[0, 0].tolist() == [1.0, 0.25, 1.0, 1.0, -1.0], "twice lately; the first is out of the window"
    assert found[0, 1].tolist() == [1.0, 1.0, 1.0, 1.0, -4.0]
    assert found[1, 0, 2] == found[1, 1, 3] == torch.tensor(1.0) / 3


def test_nothing_drawn_yet_is_no_penalty() -> None:
    sampler = Sampler(50, 4)
    logits = torch.randn(2, 4, 50)
    kinds = [Sampling((0.3,), 0.7, 20, 1.05)] * 2
    none = [torch.empty(0, 4, dtype=torch.int64)] * 2
    free = [Sampling((0.3,), 0.7, 20)] * 2
    assert torch.equal(
        sampler.chances(logits, kinds, none, [None, None]), sampler.chances(logits, free, none, [None, None])
    )
    drawn = sampler.draw(logits, kinds, none, [OwnDraws(1), OwnDraws(2)], [None, None])
    assert drawn.shape == (2, 4)
