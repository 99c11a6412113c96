"""The packs that come with the studio: whole, distinct, spoken, and in no library that did not ask for them."""

import numpy as np
import pytest

from studio.errors import NotFound
from studio.studio import SpeakRequest, Studio
from studio.voices.exchange.formats import FORMATS
from studio.voices.exchange.shipped import SHIPPED


def test_a_new_library_is_empty_until_somebody_takes_a_pack(studio: Studio) -> None:
    assert studio.voices.find().total == 0
    (pack,) = studio.exchange.packs()
    report = studio.exchange.take_pack(pack.id)
    assert report.count("added") == pack.count == 12
    assert all(entry.notes == () for entry in report.entries)


def test_what_was_deleted_does_not_come_back_by_itself(studio: Studio) -> None:
    ids = studio.exchange.take_pack("espeak").added
    studio.voices.delete(ids[:1])
    assert studio.exchange.take_pack("espeak").count("added") == 1, "only where it is asked for"
    assert studio.voices.find().total == 12


def test_every_voice_of_it_speaks_both_languages_in_a_voice_of_its_own(studio: Studio) -> None:
    ids = studio.exchange.take_pack("espeak").added
    sounds = set()
    for id in ids:
        take = studio.speak(SpeakRequest("晚上好。Good evening.", engine="espeak", voice=id)).wait(30)
        samples = studio.cache.load(take.digest).samples
        assert 0.02 < float(np.abs(samples).max()) <= 1.0
        sounds.add(take.digest)
        voice = studio.voices.get(id)
        assert voice.languages == ("zh", "en")
        assert voice.gender
        assert voice.description
        assert voice.tags
    assert len(sounds) == 12


def test_the_readme_names_every_pack() -> None:
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in readme for path in SHIPPED.iterdir() if path.is_dir())


def test_the_document_describes_every_format() -> None:
    text = (SHIPPED.parent / "docs" / "formats.md").read_text(encoding="utf-8")
    for format in FORMATS:
        assert f"| `{format.id}` |" in text
        row = next(line for line in text.splitlines() if line.startswith(f"| `{format.id}` |"))
        assert row.split("|")[4].strip() == ("yes" if format.ending else "no")


def test_an_unknown_pack_is_refused(studio: Studio) -> None:
    with pytest.raises(NotFound, match="espeak"):
        studio.exchange.take_pack("espeek")
