"""The table of ChatTTS_Speaker: drawn voices, how steady each was measured to be, and what it sounds like."""

import base64
import binascii
import csv
import io
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from studio.voices.exchange.bounded import wrong
from studio.voices.exchange.carried import Carried, gender_of, origin_of, tags_of
from studio.voices.exchange.tensors import read_pt

COLUMNS = {"seed_id", "emb_data"}
RANKS = "rank_long", "rank_multi", "rank_single"
STARS = (0.6, 0.7, 0.8, 0.9)  # mean steadiness (0..1) from which a voice has 2, 3, 4, 5 stars
SURE = 50.0  # per cent from which a label is believed
MOST_ROWS = 20_000


def is_ranking(text: str) -> bool:
    columns = {name.strip().strip('"') for name in text[:4000].split("\n", 1)[0].split(",")}
    return columns >= COLUMNS


def read_ranking(text: str, name: str) -> list[Carried]:
    """A row a voice; the numbers of the evaluation stay in its origin."""
    csv.field_size_limit(1 << 20)
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise wrong(name, f"it is no readable table ({error})", f"不是可读的表格（{error}）") from error
    if not rows or len(rows) > MOST_ROWS:
        raise wrong(name, f"it has {len(rows)} rows: 1 to {MOST_ROWS}", f"有 {len(rows)} 行：应为 1 到 {MOST_ROWS} 行")
    return [_voice(row, number, name) for number, row in enumerate(rows, 2)]


def _voice(row: Mapping[str, Any], number: int, name: str) -> Carried:
    where = f"{name}, row {number}"
    try:
        data = base64.b64decode(row["emb_data"] or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong(where, "its emb_data is damaged", "emb_data 已损坏") from error
    (carried,) = read_pt(data, where)
    gender, age = _label(row.get("gender")), _label(row.get("age"))
    evaluation = {key: _number(row.get(key)) for key in (*RANKS, "score")}
    voice = replace(
        carried.voice, name=str(row["seed_id"] or number).strip()[:80], gender=gender_of(gender), age=age[:50],
        tags=tags_of(_labels(row.get("feature"))[:5]), rating=_stars([evaluation[key] for key in RANKS]),
        origin=origin_of("evaluation", name, evaluation={k: v for k, v in evaluation.items() if v is not None}),
    )  # fmt: skip
    return Carried(voice)


def _labels(told: Any) -> list[str]:
    """`label:percent;label:percent` -> the labels that are believed, the surest first."""
    pairs = []
    for one in str(told or "").split(";"):
        label, _, percent = one.partition(":")
        if label.strip() and (_number(percent) or 0.0) >= SURE:
            pairs.append((-(_number(percent) or 0.0), label.strip()))
    return [label for _, label in sorted(pairs)]


def _label(told: Any) -> str:
    return next(iter(_labels(told)), "")


def _number(told: Any) -> float | None:
    try:
        value = float(str(told).strip())
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _stars(ranks: list[float | None]) -> int:
    """Stars by the mean steadiness, told in 0..1 or in per cent; 0 where it was not measured."""
    known = [rank / 100 if rank > 1.5 else rank for rank in ranks if rank is not None]
    return 1 + sum(sum(known) / len(known) >= least for least in STARS) if known else 0
