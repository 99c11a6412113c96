"""A text that is still being written, said as it comes."""

from collections.abc import Iterable, Iterator

from studio.audio.clip import Samples
from studio.engines.contract import Follows, Recipe
from studio.engines.registry import Registry
from studio.errors import BadRequest
from studio.production.planning import Direction
from studio.stop import Stop


def follow(engines: Registry, direction: Direction, texts: Iterable[str], stop: Stop) -> Iterator[Samples]:
    """The sound of the pieces of a text as they come. `BadRequest` where the engine has to know the whole text."""
    engine, spec = direction.engine, direction.spec
    if not isinstance(engine, Follows):
        raise BadRequest(
            f"{spec.id} has to know the whole text; cosyvoice2 and cosyvoice3 follow one as it is written",
            f"{spec.id} 需要完整文本才能朗读；边写边读请用 cosyvoice2 或 cosyvoice3",
            where="engine",
        )
    if direction.into is not None:
        raise BadRequest(
            "into: a text that is still being written is said at once, and cannot be said again in another voice; "
            "leave it out, or speak the text when it is written",
            "into：边写边读时无法再转换音色；请去掉 into，或在文本写完后再合成",
            where="into",
        )
    controls = tuple(sorted(direction.controls.items()))
    language = spec.languages[0] if direction.language == "auto" else direction.language
    recipe = Recipe(
        spec.id, spec.version, "", direction.voice.content, language, controls, direction.seed, direction.mode
    )
    return _heard(engines, engine, recipe, texts, stop)


def _heard(engines: Registry, engine: Follows, recipe: Recipe, texts: Iterable[str], stop: Stop) -> Iterator[Samples]:
    with engines.lease(recipe.engine, stop):
        for chunk in engine.follow(texts, recipe, stop):
            yield chunk.samples
