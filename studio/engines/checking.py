"""Whether a declaration keeps the contract; asked once, when an engine is registered."""

import math
import re
from collections.abc import Callable, Iterator
from typing import get_args

from studio.control import Group
from studio.engines.contract import Control, Engine, EngineSpec, Holds, How, VoiceKind
from studio.errors import BadControl
from studio.text.declarations import MARKS
from studio.words import Words

MARK_NAMES = tuple(mark.name for mark in MARKS)
METHODS = ("missing", "load", "voices", "embed", "speak", "unload")
MOST_BASIC = 5  # controls a newcomer can look at
_ID = re.compile(r"[a-z][a-z0-9_-]{1,31}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
KINDS = ("number", "integer", "choice", "switch", "text")
GROUPS = get_args(Group)


def check_engine(engine: Engine) -> list[Words]:
    """What is wrong with an engine before it has ever spoken; empty when all is well."""
    absent = [name for name in METHODS if not callable(getattr(engine, name, None))]
    if absent:
        return [Words(f"it lacks {', '.join(absent)}", f"缺少 {'、'.join(absent)}")]
    if not isinstance(engine.spec, EngineSpec):
        return [Words("its spec is not an EngineSpec", "spec 不是 EngineSpec")]
    held = [control.name for control in engine.spec.controls if control.held]
    silent = [] if not held or isinstance(engine, Holds) else held[:1]
    return [
        *check_spec(engine.spec),
        *(Words(f"nothing tells what {name} holds", f"没有方法说明 {name} 的原值") for name in silent),
    ]


def check_spec(spec: EngineSpec) -> list[Words]:
    """What is wrong with a declaration; empty when all is well."""
    found = list(_whole(spec))
    for control in (*spec.controls, *spec.settings):
        found += [
            Words(f"control {control.name}: {w.en}", f"控制项 {control.name}：{w.zh}") for w in check_control(control)
        ]
    return found


def check_control(control: Control) -> list[Words]:
    """What is wrong with one control."""
    rules: tuple[tuple[Callable[[], bool], str, str], ...] = (
        (lambda: bool(_NAME.fullmatch(control.name)), "its name is not like `speed_factor`", "名称应形如 speed_factor"),
        (lambda: control.kind in KINDS, f"no such kind: {control.kind}", f"没有这种类型：{control.kind}"),
        (lambda: control.group in GROUPS, f"no such group: {control.group}", f"没有这个分组：{control.group}"),
        (lambda: _said(control.label), "its label is missing in a language", "标签缺少一种语言"),
        (lambda: _said(control.help), "its help is missing in a language", "说明缺少一种语言"),
        (lambda: _has_range(control), "it needs finite low < high", "需要有限的 low < high"),
        (lambda: control.kind == "text" or not control.held, "only a text can be held", "只有文本可以标为 held"),
        (lambda: control.step >= 0, "its step is negative", "step 为负"),
        (lambda: _has_choices(control), "choices belong to a choice, at least two, all different, in both languages",
         "choices 只属于 choice 类型，至少两项、互不相同，并有两种语言"),
    )  # fmt: skip
    found = [Words(en, zh) for holds, en, zh in rules if not holds()]
    if not found and (trouble := _default_trouble(control)):
        found.append(Words(f"its default is refused: {trouble.en}", f"默认值不合规：{trouble.zh}"))
    return found


def _whole(spec: EngineSpec) -> Iterator[Words]:
    names = [control.name for control in spec.controls]
    basic = sum(control.group == "basic" for control in spec.controls)
    modes = [mode for mode, _ in spec.modes]
    strange = sorted(set(spec.marks) - set(MARK_NAMES))
    bad_tags = [tag for tag in spec.languages if not _LANGUAGE.fullmatch(tag)]
    embeds = VoiceKind.EMBEDDING in spec.voice_kinds
    rules = (
        (bool(_ID.fullmatch(spec.id)), f"id “{spec.id}” is not like `chattts`", f"id“{spec.id}”应形如 chattts"),
        (_said(spec.title), "its title is missing in a language", "标题缺少一种语言"),
        (_said(spec.about), "its description is missing in a language", "简介缺少一种语言"),
        (bool(spec.version.strip()), "it has no version", "没有版本"),
        (bool(spec.languages), "it declares no language", "没有声明语言"),
        (not bad_tags, f"not BCP 47: {', '.join(bad_tags)}", f"不是 BCP 47 语言标签：{'、'.join(bad_tags)}"),
        (_unique(spec.languages), "a language is named twice", "语言重复"),
        (8_000 <= spec.rate <= 192_000, f"rate {spec.rate}: 8000 to 192000", "采样率应为 8000 到 192000"),
        (bool(spec.voice_kinds), "it accepts no kind of voice", "没有可接受的音色类型"),
        (embeds == (spec.embedding_size > 0), "embedding_size is for embeddings", "embedding_size 与音色类型不符"),
        (_unique(names), "a control is declared twice", "控制项重复"),
        (_unique([c.name for c in spec.settings]), "a setting is declared twice", "设置项重复"),
        (basic <= MOST_BASIC, f"{basic} basic controls, not {MOST_BASIC}", f"基本控制项最多 {MOST_BASIC} 个"),
        (not strange, f"unknown marks: {strange}", f"未知标记：{strange}"),
        (all(mark.how in How for mark in spec.marks.values()), "unclear support of a mark", "标记支持方式不明"),
        (all(token.strip() for token in spec.native_tokens), "a native token is empty", "有空的原生标记"),
        (bool(modes) and _unique(modes), "modes are missing or named twice", "模式缺失或重复"),
        (all(_said(words) for _, words in spec.modes), "a mode is unnamed in a language", "模式名称缺少一种语言"),
        (spec.longest > 0, "longest has to be positive", "longest 应为正数"),
        (math.isfinite(spec.pace) and spec.pace > 0, "pace has to be positive", "pace 应为正数"),
        (bool(spec.code_licence), "the licence of its code is missing", "缺少代码许可证"),
    )  # fmt: skip
    yield from (Words(en, zh) for holds, en, zh in rules if not holds)


def _default_trouble(control: Control) -> Words | None:
    try:
        control.check(control.default)
    except BadControl as refused:
        return refused.words
    return None


def _has_range(control: Control) -> bool:
    if control.kind in ("number", "integer"):
        return math.isfinite(control.low) and math.isfinite(control.high) and control.low < control.high
    return control.kind != "text" or (math.isfinite(control.high) and control.high > 0)


def _has_choices(control: Control) -> bool:
    values = [value for value, _ in control.choices]
    if control.kind != "choice":
        return not values
    return len(values) > 1 and _unique(values) and all(_said(words) for _, words in control.choices)


def _said(words: Words) -> bool:
    return bool(words.en.strip() and words.zh.strip())


def _unique(values: list[str] | tuple[str, ...]) -> bool:
    return len(set(values)) == len(values)
