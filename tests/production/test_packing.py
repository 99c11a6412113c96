"""What a pack that fails halfway leaves behind, and what it must not take along."""

from pathlib import Path

import pytest

from studio.errors import DiskFull
from studio.production import packing
from studio.studio import Begun, Studio


def test_a_pack_that_fails_halfway_takes_nothing_deleted_along(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was deleted before can still be brought back, and nothing of the pack stays."""
    kept, deleted = (studio.scripts.empty(Begun(title=title, engine="espeak")).id for title in ("Kept", "Deleted"))
    studio.scripts.pack(kept, tmp_path / "kept.zip")
    studio.productions.delete(deleted)
    before = sorted(path.name for path in (tmp_path / "data" / "data" / "productions").glob("*"))

    def full(*_: object) -> None:
        raise DiskFull("the disk is full", "磁盘已满")

    monkeypatch.setattr(packing, "_fill", full)
    with pytest.raises(DiskFull):
        studio.scripts.unpack(tmp_path / "kept.zip")
    assert [made.id for made in studio.productions.find()] == [kept]
    assert sorted(path.name for path in (tmp_path / "data" / "data" / "productions").glob("*")) == before
    studio.productions.restore(deleted)
    assert {made.id for made in studio.productions.find()} == {kept, deleted}
