"""CosyVoice's tokenizers and the way its text is cut, against the reference."""

import json
from functools import cache
from typing import Any

import pytest

from studio.engines.cosyvoice import segments
from studio.engines.cosyvoice.tokenizer import Tokenizer, WhisperTokenizer

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


def counted(tokenizer: Tokenizer) -> segments.Tokens:
    return lambda text: len(tokenizer.encode(text))


def test_cosyvoice_texts_are_cut_as_published() -> None:
    for row in facts("text_frontend")["text_normalize"]:
        if isinstance(row["segments"], dict):  # an error there
            assert segments.segments(row["text"], counted(whisper(False))) == []
            continue
        assert segments.segments(row["text"], counted(whisper(False))) == row["segments"], row["text"]
        other = row.get("segments_with_tiny_v2_tokenizer", row["segments"])
        assert segments.segments(row["text"], counted(tiny("v2").tokenizer)) == other, row["text"]
        if "<|" not in row["text"] and row["text"]:
            assert segments.normalised(row["text"]) == row["unsplit"]


def test_cosyvoice_pieces_of_the_front_end() -> None:
    pieces = facts("text_frontend")["pieces"]
    ours = {
        "contains_chinese": segments.contains_han,
        "replace_blank": segments.without_blanks,
        "spell_out_number": segments.spelled,
        "is_only_punctuation": segments.only_punctuation,
    }
    for name, function in ours.items():
        for given, wanted in pieces[name]:
            if isinstance(wanted, dict):
                assert function(given) == given.strip()
            else:
                assert function(given) == wanted, (name, given)
    for given, wanted in pieces["split_paragraph"]:
        text, language, longest, shortest, left, commas = given
        cut = segments.Cut(longest, shortest, left, commas)
        found = segments.split(text, language == "zh", counted(whisper(False)), cut)
        assert found == ([] if isinstance(wanted, dict) else wanted), given
