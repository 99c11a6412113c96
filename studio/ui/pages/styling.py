"""What the page asks of styles: listed with what they set, edited, read from files and written."""

from typing import Any

from studio.studio import Studio, Style
from studio.ui import asked as take
from studio.ui import describe


class Sheets:
    """The questions of the panel of styles; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.questions = [
            self.styles_shown, self.style_edited, self.style_written, self.style_read, self.style_dropped,
        ]  # fmt: skip

    def styles_shown(self, asked: dict[str, Any], language: str) -> Any:
        """The styles of one engine, and the controls that they may set."""
        spec = self.studio.engine(take.text(asked, "engine"))
        return {
            "styles": [self._style(one, language) for one in self.studio.styles.list(spec.id)],
            "controls": [describe.control(one, language) for one in spec.controls],
        }

    def style_edited(self, asked: dict[str, Any], language: str) -> Any:
        """Set controls, take some out, rename; or a new one where `name` is not known yet and `new` is on."""
        engine, name = take.text(asked, "engine"), take.text(asked, "name")
        controls, description = take.table(asked, "controls"), take.text(asked, "description")
        if take.switch(asked, "new", False):
            self.studio.keep_style(take.text(asked, "rename"), engine, controls, description)
        else:
            without = take.texts(asked, "without")
            self.studio.stylebook.edit(name, engine, controls, without, take.text(asked, "rename"), description)
        return self.styles_shown(asked, language)

    def style_written(self, asked: dict[str, Any], language: str) -> Any:
        return {"text": self.studio.stylebook.write(take.text(asked, "name")).decode()}

    def style_read(self, asked: dict[str, Any], language: str) -> Any:
        """Keep the styles of a file that was dropped."""
        data, name = take.text(asked, "text").encode("utf-8", "surrogatepass"), take.text(asked, "file")
        made = self.studio.stylebook.read(data, name, replace_own=take.switch(asked, "replace", False))
        return {"name": made[0].name, "engines": [one.engine for one in made]}

    def style_dropped(self, asked: dict[str, Any], language: str) -> Any:
        engine = take.text(asked, "engine")
        self.studio.styles.delete(self.studio.styles.get(take.text(asked, "name"), engine).id)
        return self.styles_shown(asked, language)

    def _style(self, one: Style, language: str) -> dict[str, Any]:
        about = one.translations.get(language, {}).get("description") or one.description
        return describe.style(one, language) | {"id": one.id, "about": about}
