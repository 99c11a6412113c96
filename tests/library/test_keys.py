"""Keys of the API: shown once, kept as digests, revoked at once."""

import pytest
from sqlalchemy import text

from studio.errors import BadRequest, NotFound
from studio.library import Library


def test_a_key_opens_until_it_is_revoked(library: Library) -> None:
    assert not library.keys.any()
    key, secret = library.keys.add("phone")
    assert secret.startswith("ts-")
    assert len(secret) > 40
    assert library.keys.any()
    opened = library.keys.check(secret)
    assert opened is not None
    assert (opened.id, opened.name) == (key.id, "phone")
    assert library.keys.list()[0].last_used is not None
    assert library.keys.check(secret + "x") is None
    assert library.keys.check("") is None
    library.keys.revoke(key.id)
    assert library.keys.check(secret) is None
    assert not library.keys.any()


def test_the_secret_is_nowhere(library: Library) -> None:
    _, secret = library.keys.add("phone")
    with library.database.read() as session:
        rows = session.execute(text("SELECT * FROM api_keys")).all()
    assert secret not in str(rows)
    assert secret.removeprefix("ts-") not in str(rows)


def test_a_wrong_name_or_id_is_refused(library: Library) -> None:
    with pytest.raises(BadRequest, match="takes 1 to"):
        library.keys.add("  ")
    with pytest.raises(NotFound, match="no such key"):
        library.keys.revoke("nobody")
