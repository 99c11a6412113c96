"""Who may import whom; the table is the rule."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "studio"
PURE = {"text", "audio", "nn", "weights"}
MAY: dict[str, set[str]] = {
    "digest": set(),
    "words": set(),
    "errors": set(),
    "control": set(),
    "settings": set(),
    "plugins": set(),
    "stop": set(),
    "text": set(),
    "audio": set(),
    "nn": set(),
    "weights": set(),
    "manuscripts": {"text"},
    "engines": PURE,
    "recognition": PURE,
    "library": {"text", "audio"},
    "production": PURE | {"engines", "recognition", "library", "manuscripts"},
    "voices": PURE | {"engines", "recognition", "library", "production", "manuscripts"},
    "dubbing": PURE | {"engines", "recognition", "library", "production", "manuscripts"},
    "batch": PURE | {"engines", "library", "production", "manuscripts", "dubbing"},
    "studio": PURE | {"engines", "recognition", "library", "production", "manuscripts", "voices", "dubbing", "batch"},
    "doctor": {"studio"},
    "ui": {"studio", "doctor"},
    "api": {"studio"},
    "cli": {"studio", "doctor"},
    "__main__": {"cli"},
}
ALWAYS = {"control", "digest", "errors", "plugins", "settings", "stop", "words"}


def imports(path: Path) -> set[str]:
    """Rooms that the file names, at top level or inside functions."""
    package = ("studio", *path.relative_to(ROOT).parent.parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join((*base, node.module or "")).rstrip(".")
            found |= {f"{stem}.{alias.name}" for alias in node.names} if stem == "studio" else {stem}
    return {name.split(".")[1] for name in found if name.startswith("studio.")}


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_room_imports(path: Path) -> None:
    here = path.relative_to(ROOT).parts[0].removesuffix(".py")
    wrong = imports(path) - MAY.get(here, set()) - ALWAYS - {here}
    assert here == "__init__" or not wrong, f"{here} may not import {sorted(wrong)}"


def test_the_rule_sees_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker itself: each way of importing a room is noticed."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "ui").mkdir()
    for line in ("from studio import library", "import studio.library.db", "from ..library import db"):
        (tmp_path / "ui" / "page.py").write_text(f"def f():\n    {line}\n")
        assert imports(tmp_path / "ui" / "page.py") == {"library"}
