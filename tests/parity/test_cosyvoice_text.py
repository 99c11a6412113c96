"""CosyVoice's tokenizers and the way its text is cut, against the reference."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from studio.engines.cosyvoice.declaration import EVEN, TARGET
from studio.engines.cosyvoice.tokenizer import Tokenizer, WhisperTokenizer
from studio.text.sentences import Even, Piece, split

from . import cosyvoice_front_end as front_end
from .cosyvoice_cases import GENERATIONS, ROOT, case, known, tiny


@cache
def facts(name: str) -> Any:
    path = ROOT / "common" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{ROOT} has no {path.name}")
    return json.loads(path.read_text("utf-8"))


@cache
def whisper(wide: bool) -> WhisperTokenizer:
    return WhisperTokenizer(wide)


@pytest.mark.parametrize("part", [part for part in GENERATIONS if "text_ids" in known(part)] or ["v2"])
def test_cosyvoice_ids_of_texts(part: str) -> None:
    tokenizer = tiny(part).tokenizer
    for row in case(part, "text_ids").values:
        ids = tokenizer.encode(row["text"]).tolist()
        assert ids == row["ids"], row["text"]
        if "decoded" in row:
            assert tokenizer.decode(ids) == row["decoded"]


@pytest.mark.parametrize(("name", "wide"), [("v1_50hz_published", False), ("v1_25hz", True)])
def test_cosyvoice_whispers_vocabulary(name: str, wide: bool) -> None:
    given, pairs = facts("tokenizers")[name], whisper(wide)._pairs
    assert pairs.n_vocab == given["n_vocab"]
    for token, id in given["special_ids_without_timestamps"].items():
        assert pairs.encode_single_token(token) == id, token
    assert pairs.encode_single_token("<|0.00|>") == given["timestamps"]["first"]
    assert pairs.encode_single_token("<|30.00|>") == given["timestamps"]["last"]
    for row in given["ids"]:
        ids = whisper(wide).encode(row["text"]).tolist()
        assert ids == row["ids"], row["text"]
        if "round_trip" in row:
            assert whisper(wide).decode(ids) == row["round_trip"]


@pytest.mark.parametrize(("part", "name"), [("v2", "cosyvoice2"), ("v3", "cosyvoice3")])
def test_cosyvoice_tokens_are_added_in_the_published_order(part: str, name: str) -> None:
    given, tokenizer = facts("tokenizers")[name], tiny(part).tokenizer
    first = tokenizer.encode("<|endoftext|>").tolist()
    assert len(first) == 1
    for token, id in given["special_ids_in_registration_order"].items():
        assert tokenizer.encode(token).tolist() == [id - given["base_bpe_tokens"] + first[0]], token


def counted(tokenizer: Tokenizer) -> front_end.Tokens:
    return lambda text: len(tokenizer.encode(text))


def test_cosyvoice_texts_are_cut_as_published() -> None:
    for row in facts("text_frontend")["text_normalize"]:
        if isinstance(row["segments"], dict):  # an error there
            assert front_end.segments(row["text"], counted(whisper(False))) == []
            continue
        assert front_end.segments(row["text"], counted(whisper(False))) == row["segments"], row["text"]
        other = row.get("segments_with_tiny_v2_tokenizer", row["segments"])
        assert front_end.segments(row["text"], counted(tiny("v2").tokenizer)) == other, row["text"]
        if "<|" not in row["text"] and row["text"]:
            assert front_end.normalised(row["text"]) == row["unsplit"]


def test_cosyvoice_pieces_of_the_front_end() -> None:
    pieces = facts("text_frontend")["pieces"]
    ours = {
        "contains_chinese": front_end.contains_han,
        "replace_blank": front_end.without_blanks,
        "spell_out_number": front_end.spelled,
        "is_only_punctuation": front_end.only_punctuation,
    }
    for name, function in ours.items():
        for given, wanted in pieces[name]:
            if isinstance(wanted, dict):
                assert function(given) == given.strip()
            else:
                assert function(given) == wanted, (name, given)
    for given, wanted in pieces["split_paragraph"]:
        text, language, longest, shortest, left, commas = given
        cut = front_end.Cut(longest, shortest, left, commas)
        found = front_end.split(text, language == "zh", counted(whisper(False)), cut)
        assert found == ([] if isinstance(wanted, dict) else wanted), given


# how the studio cuts: by the same rule, at places that its own reading allows

ELSEWHERE = {"价格是3.14元 - 不贵", "中文.英文.混合."}  # what is published turns every point into the end of a sentence


def same(pieces: list[Piece], wanted: list[str]) -> None:
    assert ["".join(one.text.split()) for one in pieces] == ["".join(one.split()) for one in wanted]


def test_cosyvoice_lines_of_the_studio_are_the_published_pieces() -> None:
    texts, cases = 0, facts("text_frontend")
    for row in cases["text_normalize"]:
        wanted, han = row["segments"], front_end.contains_han(row["text"])
        if isinstance(wanted, dict) or not any(wanted) or row["text"] in ELSEWHERE or "<|" in row["text"]:
            continue
        unsplit = row["unsplit"] + "".join(wanted)[-1] * ("".join(wanted) != row["unsplit"])  # an end mark is added
        size = len if han else counted(whisper(False))
        same(split(unsplit, TARGET, 160, even=EVEN, size=size), wanted)
        texts += 1
    assert texts > 30
    for (text, language, longest, shortest, left, commas), wanted in cases["pieces"]["split_paragraph"]:
        if isinstance(wanted, dict) or not wanted or longest < 10 or commas:  # shorter than any line of ours
            continue
        size = len if language == "zh" else counted(whisper(False))
        same(split("".join(wanted) or text, longest, 160, even=Even(shortest, left, EVEN.ends), size=size), wanted)


HAN = st.builds(
    lambda words, end: words + end, st.text("山水风花雪月，", min_size=2, max_size=45), st.sampled_from("。！？；：、")
).filter(lambda one: one[0] not in "，。" and one[-2] != "，")
LATIN = st.builds(
    lambda words, end: " ".join(words).capitalize() + end,
    st.lists(st.sampled_from(["the", "old", "garden", "was", "quiet", "under", "snow"]), min_size=2, max_size=30),
    st.sampled_from(".!?"),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@drawn(st.one_of(*(st.lists(one, min_size=1, max_size=20).map(by.join) for one, by in ((HAN, ""), (LATIN, " ")))))
def test_cosyvoice_lines_are_even_and_nothing_is_lost(text: str) -> None:
    size = len if front_end.contains_han(text) else lambda one: counted(whisper(False))(one.strip())
    pieces = split(text, TARGET, 160, even=EVEN, size=size)
    assert "".join(one.text for one in pieces) == text
    if size is len:  # tokens differ by one where a blank stands on the other side of a cut
        same(pieces, front_end.split(text, True, size))
    for one in pieces[:-1]:
        assert EVEN.least < size(one.text) <= EVEN.least + 50
    assert len(pieces) == 1 or size(pieces[-1].text) >= EVEN.tail
