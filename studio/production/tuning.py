"""How engines and recognisers are loaded, as people look at it and change it: precision, device, lines at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from studio.control import Control, Value
from studio.engines.contract import Configures, Holds
from studio.engines.registry import Registry
from studio.errors import BadRequest, NotFound
from studio.recognition.registry import Recognisers
from studio.settings import Settings, named, settled, told, variable

Source = Literal["default", "chosen", "environment"]


@dataclass(frozen=True)
class Setting:
    """One setting as it stands now."""

    control: Control
    value: Value  # what holds
    source: Source  # why
    variable: str  # the environment variable that may say it, and wins

    def to_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        return {"name": self.control.name, "value": self.value, "source": self.source, "variable": self.variable}


class Tuning:
    """The settings of everything that has a model. For any number of threads."""

    def __init__(self, engines: Registry, recognisers: Callable[[], Recognisers], settings: Settings) -> None:
        self._engines, self._recognisers, self._settings = engines, recognisers, settings

    def of(self, id: str) -> Sequence[Setting]:
        """The settings of an engine or a recogniser; none where it has none, or is broken. `NotFound`."""
        declared, _ = self._declared(id)
        environment, kept = told(id) or {}, self._settings.kept(id, declared)
        return [_setting(control, environment, kept, variable(id)) for control in declared]

    def change(self, id: str, changes: Mapping[str, Any]) -> Sequence[Setting]:
        """Choose settings; None takes one back to its default. The model is let go, and loaded with them when it is
        needed next.

        `BadRequest` for one that is not there, is out of its range, or is told by the environment; `InUse` while the
        engine speaks.
        """
        declared, listens = self._declared(id)
        environment, kept = told(id) or {}, self._settings.kept(id, declared)
        for name, value in changes.items():
            control = named(id, declared, name)
            if name in environment:
                raise _told(id, name, environment[name])
            checked = control.default if value is None else control.check(value)
            kept = {key: of for key, of in kept.items() if key != name}
            kept |= {} if checked == control.default else {name: checked}
        holds = settled(id, declared, {**kept, **environment})
        if listens:
            self._settings.keep(id, kept)
            self._recognisers().configure(id, holds)
        else:
            with self._engines.idle(id) as engine:
                self._settings.keep(id, kept)
                if isinstance(engine, Configures):
                    engine.configure(holds)
        return self.of(id)

    def held(self, engine: str, name: str, controls: Mapping[str, Any] | None = None) -> str:
        """What the text control `name` of an engine stands for while it is left empty, beside others as they are set.

        `BadRequest` for one that holds nothing, `NotInstalled` without its weights.
        """
        found = self._engines.get(engine)
        if not isinstance(found, Holds) or not found.spec.control(name).held:
            raise BadRequest(
                f"{name}: nothing in the weights of {engine} stands behind it",
                f"{name}：{engine} 的权重中没有与之对应的内容",
                where="name",
            )
        return found.held(name, found.spec.settle(controls or {}))

    def _declared(self, id: str) -> tuple[tuple[Control, ...], bool]:
        """The settings that `id` has, and whether it is a recogniser."""
        try:
            spec = self._engines.state(id).spec
            return (spec.settings if spec else ()), False
        except NotFound:
            for state in self._recognisers().states():
                if state.id == id:
                    return (state.spec.settings if state.spec else ()), True
            raise


def _setting(control: Control, environment: Mapping[str, Any], kept: Mapping[str, Value], variable: str) -> Setting:
    if control.name in environment:
        return Setting(control, control.check(environment[control.name]), "environment", variable)
    if control.name in kept:
        return Setting(control, kept[control.name], "chosen", variable)
    return Setting(control, control.default, "default", variable)


def _told(id: str, name: str, value: Any) -> BadRequest:
    return BadRequest(
        f"{name}: the environment variable {variable(id)} says {name}={value}, and it wins; take it out of there and "
        "start the studio again",
        f"{name}：环境变量 {variable(id)} 指定了 {name}={value}，它优先；请从中删去并重新启动音色工坊",
        where=f"settings.{name}",
    )
