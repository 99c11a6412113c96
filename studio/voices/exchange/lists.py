"""Lists of voices that front ends of ChatTTS keep as JSON: ChatTTS_colab's favourites and voices, ChatTTS-manager's."""

import json
from collections.abc import Sequence
from typing import Any

from studio.library import NewVoice
from studio.library.voice import LONGEST_TEXT
from studio.production.casting import SEEDS
from studio.voices.exchange.bounded import wrong
from studio.voices.exchange.carried import (
    CHATTTS,
    CHATTTS_SIZE,
    Carried,
    embedding,
    gender_of,
    numbers_of,
    origin_of,
    short,
)
from studio.voices.exchange.chattts import LANGUAGES, stem_of
from studio.voices.exchange.own import Outgoing, written

MANAGER_GENDER = {"0": "female", "1": "male", "2": "female"}  # its table says 0, its page writes 2
MANAGER_CODE = {"female": 0, "male": 1}


def is_seeds(plain: Any) -> bool:
    return isinstance(plain, list) and bool(plain) and all(isinstance(one, dict) and "seed" in one for one in plain)


def is_manager(plain: Any) -> bool:
    return isinstance(plain, list) and bool(plain) and all(isinstance(one, dict) and "tensor" in one for one in plain)


def is_colab(plain: Any) -> bool:
    return (
        isinstance(plain, dict)
        and bool(plain)
        and all(isinstance(one, dict) and "tensor" in one for one in plain.values())
    )


def read_seeds(plain: list[dict[str, Any]], name: str) -> list[Carried]:
    """`saved_seeds.json`: seeds with names; the paths of their previews are of no use elsewhere."""
    found = []
    for number, one in enumerate(plain, 1):
        try:
            seed = int(one["seed"])
        except (TypeError, ValueError, OverflowError) as error:
            raise wrong(name, f"entry {number}: its seed is no number", f"第 {number} 项：种子不是数字") from error
        if not 0 <= seed < SEEDS:
            raise wrong(
                name, f"entry {number}: a seed is 0 to {SEEDS - 1}", f"第 {number} 项：种子应为 0 到 {SEEDS - 1}"
            )
        called = short(one.get("name", ""))
        voice = NewVoice(
            CHATTTS, "seed", {"kind": "seed", "seed": seed}, called or f"{seed}", languages=LANGUAGES,
            origin=origin_of("colab-seeds", name),
        )  # fmt: skip
        found.append(Carried(voice, named=bool(called)))
    return found


def read_colab(plain: dict[str, Any], name: str) -> list[Carried]:
    """`{"1": {gender, describe, tensor}}`; the tensor is a list, or a list written as text."""
    found = []
    for key, one in plain.items():
        words = short(one.get("describe", ""), LONGEST_TEXT)
        found.append(_tensor(one, name, f"{key[:40]}", words[:80] or f"{stem_of(name)} {key[:40]}", words, "colab"))
    return found


def read_manager(plain: list[dict[str, Any]], name: str) -> list[Carried]:
    """`[{name, gender, describe, tensor}]` as ChatTTS-manager gives it out, with more facts in later versions."""
    found = []
    for number, one in enumerate(plain, 1):
        called = short(one.get("name", "")) or f"{stem_of(name)} {number}"
        words = short(one.get("describe", ""), LONGEST_TEXT)
        found.append(_tensor(one, name, f"{number}", called, words, "manager"))
    return found


def _tensor(one: dict[str, Any], name: str, key: str, called: str, words: str, format: str) -> Carried:
    """A voice of any of these tools."""
    gender = str(one.get("gender", ""))
    rate = one.get("rate", 0)
    known = type(rate) in (int, float) and 0 < rate <= 5
    content = embedding(_listed(one["tensor"], f"{name}, {key}"), f"{name}, {key}", CHATTTS_SIZE, half=True)
    voice = NewVoice(
        CHATTTS, "embedding", content, called, languages=LANGUAGES,
        gender=MANAGER_GENDER.get(gender, "") if format == "manager" and gender.isdigit() else gender_of(gender),  # type: ignore[arg-type]
        description=words, notes=short(one.get("remark", ""), LONGEST_TEXT), rating=round(rate) if known else 0,
        origin=origin_of(format, name),
    )  # fmt: skip
    return Carried(voice)


def _listed(tensor: Any, name: str) -> Any:
    """The numbers, also where they were written as a text."""
    if not isinstance(tensor, str):
        return tensor
    try:
        return json.loads(tensor)
    except (ValueError, RecursionError) as error:
        raise wrong(name, "its tensor is no list of numbers", "tensor 不是数字列表") from error


def write_seeds(out: Sequence[Outgoing]) -> bytes:
    return written([{"seed": one.voice.content["seed"], "name": one.voice.name, "path": ""} for one in out])


def write_colab(out: Sequence[Outgoing]) -> bytes:
    plain = {
        str(number): {
            "gender": one.voice.gender, "describe": one.voice.description or one.voice.name,
            "tensor": [float(value) for value in numbers_of(one.voice.content, one.voice.name)],
        }
        for number, one in enumerate(out, 1)
    }  # fmt: skip
    return json.dumps(plain, ensure_ascii=False).encode()


def write_manager(out: Sequence[Outgoing]) -> bytes:
    plain = [
        {
            "name": one.voice.name, "gender": MANAGER_CODE.get(one.voice.gender, 0), "describe": one.voice.description,
            "tensor": [float(value) for value in numbers_of(one.voice.content, one.voice.name)],
        }
        for one in out
    ]  # fmt: skip
    return json.dumps(plain, ensure_ascii=False).encode()
