"""Marks and readings in CosyVoice's own tokens."""

import pytest

from studio.engines.cosyvoice.declaration import VARIANTS, native
from studio.engines.cosyvoice.tokens import CMU, PINYIN
from studio.engines.cosyvoice.wording import katakana, spoken, word
from studio.text.marks import parse, render

THIRD, SECOND, FIRST = (VARIANTS[id] for id in ("cosyvoice3", "cosyvoice2", "cosyvoice1"))


@pytest.mark.parametrize(
    ("variant", "text", "wanted"),
    [
        (SECOND, "真好笑[laugh]，[breath]走吧", "真好笑[laughter]，[breath]走吧"),
        (SECOND, "很[strong]重要[/strong]", "很<strong>重要</strong>"),
        (SECOND, "等[break]一下", "等，一下"),
        (SECOND, "[cough]咳 [sigh]", "[cough]咳 [sigh]"),
        (SECOND, "去[say 重庆 as chong2 qing4]", "去chong2 qing4"),
        (FIRST, "真好笑[laugh]，[strong]走[/strong]", "真好笑，走"),
        (THIRD, "去[say 重庆 as chong2 qing4]", "去[ch][óng][q][ìng]"),
        (THIRD, "她[say 女 as nü3]的", "她[n][ǚ]的"),
        (THIRD, "[say hello as HH AH0 L OW1]", "[HH][AH0][L][OW1]"),
        (THIRD, "[say 一 as yi1]下", "[y][ī]下"),
        (THIRD, "[say 好 as hao3]", "[h][ǎo]"),
        (THIRD, "[say 六 as liu4]", "[l][iù]"),
    ],
)
def test_marks_become_the_models_tokens(variant, text: str, wanted: str) -> None:  # type: ignore[no-untyped-def]
    tokens = native(variant)
    nodes, _ = word(parse(text, tokens), variant.generation)
    again = parse(render(nodes), tokens)  # as a recipe keeps it
    assert spoken(again, variant.generation) == wanted


def test_a_reading_that_is_no_phoneme_is_told_and_spelled() -> None:
    nodes, notes = word(parse("[say 字 as xyz4]", native(THIRD)), 3)
    assert spoken(nodes, 3) == "xyz4"
    assert notes[0].how == "approximated"


def test_every_common_syllable_has_its_tokens() -> None:
    from pypinyin import Style, pinyin

    from studio.text.common_characters import COMMON_HAN

    missing = set()
    for character in COMMON_HAN:
        reading = pinyin(character, style=Style.TONE3)[0][0].replace("v", "ü")
        reading = reading if reading[-1].isdigit() else f"{reading}5"
        _nodes, notes = word(parse(f"[say {character} as {reading}]", native(THIRD)), 3)
        if notes:
            missing.add(reading)
    assert len(missing) <= 12, sorted(missing)  # a few rare ones that the published list lacks


def test_phonemes_are_tokens_of_their_own() -> None:
    assert len(CMU) == 84
    assert len(set(PINYIN)) == len(PINYIN) == 176


def test_hiragana_is_read_as_katakana() -> None:
    assert katakana("きょうは雨、ゔ") == "キョウハ雨、ヴ"
