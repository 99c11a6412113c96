"""From scores to what was heard: four tags, each with the probabilities of its family, and words with their times.

The reference takes the likeliest label of every step and calls the first four that remain tags; a tag that is missing,
or equal to its neighbour, then shifts all that follows. Here each of the first four steps is asked about its own family
only, and the text is read from the steps after them.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from studio.recognition.alignment import Run, best_path, runs
from studio.recognition.contract import Listening, Scores, Segment, Word
from studio.recognition.sensevoice.vocabulary import SPACE, UNKNOWN, Family, Vocabulary
from studio.text.language import is_han, is_kana

TAGS = 4  # steps before the text: language, emotion, event, format
STEP_S = 0.06
HALF_S = STEP_S / 2
NEAR = 8  # steps whose scores stay in a processor's cache: half the time of all at once
Piece = tuple[Run, float]  # with its probability


def decode(scores: Tensor, vocabulary: Vocabulary, how: Listening, seconds: float) -> Segment:
    """(4 + steps, vocabulary) of one piece -> what was heard in it; `seconds` is its length."""
    languages = _scored(scores[0], vocabulary.languages)
    emotions = _scored(scores[1], vocabulary.emotions, but=UNKNOWN if how.certain else None)
    events = _scored(scores[2], vocabulary.events)
    pieces = [piece for piece in heard(scores[TAGS:]) if vocabulary.is_text(piece[0].label)]
    return Segment(
        0.0,
        seconds,
        " ".join(vocabulary.text([run.label for run, _ in pieces]).split()),
        languages[0][0],
        languages,
        emotions[0][0],
        emotions,
        events[0][0],
        events,
        tuple(words(pieces, vocabulary, seconds)),
    )


def heard(scores: Tensor) -> list[Piece]:
    """The labels of the likeliest path, each with its mean probability over its steps."""
    on_cpu = scores.device.type == "cpu"  # where NumPy finds them in a tenth of the time
    return scored(scores, runs(scores.float().numpy().argmax(-1) if on_cpu else scores.argmax(-1).cpu().numpy()))


def scored(scores: Tensor, found: Sequence[Run]) -> list[Piece]:
    """Runs with the mean probability of their label. Only the steps of runs are normalised: most are blank."""
    if not found:
        return []
    sizes = np.array([run.end - run.first for run in found])
    steps = torch.from_numpy(np.concatenate([np.arange(run.first, run.end) for run in found]))
    labels = torch.from_numpy(np.repeat([run.label for run in found], sizes))
    losses = [
        functional.cross_entropy(scores[at.to(scores.device)].float(), label.to(scores.device), reduction="none")
        for at, label in zip(steps.split(NEAR), labels.split(NEAR), strict=True)
    ]
    chances = np.add.reduceat(torch.cat(losses).neg().exp().cpu().numpy(), sizes.cumsum() - sizes) / sizes
    return list(zip(found, chances.tolist(), strict=True))


def words(pieces: Iterable[Piece], vocabulary: Vocabulary, seconds: float) -> Iterator[Word]:
    """Words of letters, single characters of Chinese and Japanese, signs of punctuation.

    Several characters of one piece share its time evenly. Times are cut to `seconds`.
    """
    letters: list[tuple[str, float, float, float]] = []  # of the word at hand: text, start, end, chance
    glued, space = False, True
    for run, chance in pieces:
        text = vocabulary.piece(run.label)
        shown = [sign for sign in text if sign != SPACE]
        start = max(0.0, run.first * STEP_S - HALF_S)
        share = (max(start, min(seconds, run.end * STEP_S - HALF_S)) - start) / max(1, len(shown))
        at = 0
        for sign in text:
            if sign == SPACE:
                space = True
                continue
            unit = (sign, start + share * at, start + share * (at + 1), chance)
            at += 1
            if letters and not space and _joins(letters[-1][0]) and _joins(sign):
                letters.append(unit)
            else:
                if letters:
                    yield _word(letters, glued)
                letters, glued = [unit], not space
            space = False
    if letters:
        yield _word(letters, glued)


def _word(units: Sequence[tuple[str, float, float, float]], glued: bool) -> Word:
    chance = sum(unit[3] for unit in units) / len(units)
    return Word("".join(unit[0] for unit in units), units[0][1], units[-1][2], chance, glued)


def _joins(sign: str) -> bool:
    """It forms words with its neighbours."""
    if is_han(sign) or is_kana(sign):
        return False
    return unicodedata.category(sign)[0] in "LMN" or sign in "'’-"


def _scored(scores: Tensor, family: Family, but: str | None = None) -> Scores:
    """The probabilities of a family's tags among themselves, the likeliest first."""
    kept = [(tag.name, id) for tag, id in zip(family.tags, family.ids, strict=True) if tag.name != but]
    chances = scores[[id for _, id in kept]].float().softmax(0).tolist()
    ranked = sorted(zip((name for name, _ in kept), chances, strict=True), key=lambda one: -one[1])
    return tuple(ranked)


def aligned(scores: Tensor, labels: Sequence[int], vocabulary: Vocabulary, seconds: float) -> list[Word] | None:
    """When each word of known labels is heard; None where there are too few steps for them."""
    steps = scores[TAGS:].float().log_softmax(dim=-1).cpu().numpy()
    path = best_path(steps, labels) if len(steps) else None
    return None if path is None else list(words(scored(scores[TAGS:], runs(path)), vocabulary, seconds))
