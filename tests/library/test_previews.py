"""Previews: the takes a voice was heard in, newest first, safe from the clean-up, gone with their voice."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from studio.errors import NotFound
from studio.library import Library
from studio.library.bin import Bin
from studio.library.previews import KEPT
from studio.library.tables import TakeRow

from .conftest import Put, voice


def test_previews_come_newest_first_each_once(library: Library, put: Put) -> None:
    kept = library.voices.add(voice())
    first, second = put("one"), put("two")
    for digest in (first, second, first):
        library.previews.add(kept.id, digest)
    assert [take.digest for take in library.previews.of(kept.id)] == [first, second]
    library.previews.remove(kept.id, first)
    assert [take.digest for take in library.previews.of(kept.id)] == [second]
    assert library.takes.get(first).digest == first


def test_the_oldest_go_first(library: Library, put: Put) -> None:
    kept = library.voices.add(voice())
    digests = [put(str(n)) for n in range(KEPT + 3)]
    for digest in digests:
        library.previews.add(kept.id, digest)
    assert [take.digest for take in library.previews.of(kept.id)] == digests[:2:-1]


def test_a_deleted_take_is_no_preview_and_an_unknown_voice_is_told(library: Library, put: Put) -> None:
    kept, digest = library.voices.add(voice()), put()
    library.previews.add(kept.id, digest)
    library.takes.delete([digest])
    assert library.previews.of(kept.id) == ()
    library.takes.restore([digest])
    assert len(library.previews.of(kept.id)) == 1
    for call in (lambda: library.previews.of("nobody"), lambda: library.previews.add("nobody", digest)):
        with pytest.raises(NotFound):
            call()


def test_the_clean_up_leaves_previews_until_their_voice_is_purged(library: Library, put: Put) -> None:
    kept = library.voices.add(voice())
    heard, other = put("heard"), put("other")
    library.previews.add(kept.id, heard)
    with library.database.write() as session:
        session.execute(update(TakeRow).values(last_used=datetime.now(UTC) - timedelta(days=1)))
    library.cache.clean(0)
    assert library.cache.path(heard).exists()
    assert not library.cache.path(other).exists()
    library.voices.delete([kept.id])
    Bin(library).empty()
    library.cache.clean(0)
    assert not library.cache.path(heard).exists()
