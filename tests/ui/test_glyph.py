"""The picture of a voice."""

import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as some

from studio.ui.glyph import SIDE, glyph, glyph_of


def test_the_same_voice_has_the_same_picture_whatever_the_order_of_its_data() -> None:
    assert glyph_of("espeak", {"kind": "seed", "seed": 7}) == glyph_of("espeak", {"seed": 7, "kind": "seed"})


def test_other_voices_have_other_pictures() -> None:
    assert len({glyph_of("espeak", {"kind": "seed", "seed": seed}) for seed in range(200)}) == 200


@given(some.binary(min_size=32, max_size=32))
def test_every_picture_is_svg_within_its_frame(data: bytes) -> None:
    root = ElementTree.fromstring(glyph(data.hex()))
    path = root.find("path")
    assert path is not None
    numbers = [float(n) for n in path.attrib["d"].replace("M", " ").replace("L", " ").replace("Z", " ").split()]
    assert all(-1 <= n <= SIDE + 1 for n in numbers)
