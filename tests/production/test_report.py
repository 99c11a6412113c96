"""The report: one page about a production, which carries all it shows."""

from pathlib import Path

import pytest

from studio.production.desk import Desk
from tests.production.tale import line, rendered


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_is_one_page_that_loads_nothing(desk: Desk, id: str, tmp_path: Path, language: str) -> None:
    desk.change(id, [line(desk, id, "The wind rose")], text="<script>alert(1)</script> [speed 99]x[/speed]")
    rendered(desk, id)
    desk.export(id, "podcast", tmp_path / "x.mp3").wait(60)
    page = desk.report(id, language)
    assert "<script" not in page
    assert "http" not in page.replace("</html>", "")
    assert page.count("<rect") == 13
    assert "LUFS" in page
    assert ("Martha" in page, "The Lighthouse" in page) == (True, True)
