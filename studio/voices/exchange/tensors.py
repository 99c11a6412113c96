"""Voices as tensors: `.pt` of ChatTTS and CosyVoice, read without running anything in them, and safetensors.

A `.pt` is a pickle. PyTorch reads it with `weights_only`, which knows tensors and plain data and refuses all else; what
could make that costly (a bomb of zeros, a tensor that repeats one number a billion times) is looked at before. We write
safetensors instead, which hold numbers and nothing else.
"""

import io
import json
import pickle
import struct
import warnings
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.library import NewVoice
from studio.library.rights import CLONED
from studio.voices.exchange.bounded import json_of, wrong
from studio.voices.exchange.carried import (
    CHATTTS,
    CHATTTS_SIZE,
    MOST_NUMBERS,
    Carried,
    embedding,
    numbers_of,
    origin_of,
    short,
)
from studio.voices.exchange.chattts import LANGUAGES, stem_of
from studio.voices.exchange.own import Outgoing, carried_of, plain_of
from studio.words import Words

COSYVOICE, COSYVOICE_SIZE = "cosyvoice1-sft", 192
LARGEST_PT = 64 << 20  # bytes, unpacked
LARGEST_HEADER = 8 << 20  # of safetensors
MOST_SPEAKERS = 10_000
KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}  # of safetensors
VOICES = "timbre_voices"  # in the metadata of safetensors: tensor -> facts
ALONE = "spk_emb"  # the name of the only tensor of a nameless voice
_FAULTS = (RuntimeError, ValueError, KeyError, TypeError, EOFError, AttributeError, IndexError, pickle.UnpicklingError)
_HEARD = Words(
    "only its speaker vector was kept: what CosyVoice 2 and 3 heard in the clip cannot be turned back into one",
    "只保留了说话人向量：CosyVoice 2、3 从音频中提取的内容无法还原成音频",
)


def is_pt(head: bytes) -> bool:
    """Whether a file begins as `torch.save` begins one, today's or the older way. (A ZIP has to be looked into.)"""
    return head[:1] == b"\x80" and len(head) > 1 and head[1] in (2, 3, 4, 5)


def is_pt_zip(names: frozenset[str]) -> bool:
    return any(name.endswith("/data.pkl") or name == "data.pkl" for name in names)


def read_pt(data: bytes, name: str) -> list[Carried]:
    """A ChatTTS speaker (768 numbers), or the speakers of CosyVoice by name (192 each)."""
    found = _loaded(data, name)
    if isinstance(found, dict) and found and all(isinstance(one, dict) for one in found.values()):
        return [_speaker(str(key), one, name) for key, one in found.items()]
    if isinstance(found, dict):  # a tensor among settings, as some pages save them
        tensors = [one for one in found.values() if _is_tensor(one) and one.numel() == CHATTTS_SIZE]
        found = tensors[0] if len(tensors) == 1 else None
    if not _is_tensor(found):
        raise wrong(
            name,
            "it holds no voice: neither 768 numbers of ChatTTS nor speakers of CosyVoice",
            "其中没有音色：既不是 ChatTTS 的 768 个数，也不是 CosyVoice 说话人",
        )
    content = embedding(_numbers(found, CHATTTS_SIZE, name), name, CHATTTS_SIZE, half=True)
    voice = NewVoice(CHATTTS, "embedding", content, stem_of(name), languages=LANGUAGES, origin=origin_of("pt", name))
    return [Carried(voice, named=False)]


def _loaded(data: bytes, name: str) -> Any:
    """What is in the file: tensors and plain data. `BadFile` where there is anything that would have to be run."""
    _check_size(data, name)
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise wrong(
            name,
            "it is a pickle with more than numbers in it (code, perhaps) and was not opened; ask for the voice as "
            "safetensors or as a code string",
            "这个 pickle 文件里不只有数值（可能含有代码），没有打开；请索取 safetensors 或编码字符串形式的音色",
        ) from error
    except _FAULTS as error:
        raise wrong(name, "it is damaged or cut off; get it again", "文件已损坏或不完整；请重新获取") from error
    except MemoryError as error:
        raise wrong(name, "it claims to hold far more than a voice", "其声明的数据量远超一个音色") from error


def _check_size(data: bytes, name: str) -> None:
    """A `.pt` is a ZIP that stores its numbers as they are: one that unpacks to more than it is, is no voice."""
    unpacked = len(data)
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                unpacked = sum(one.file_size for one in archive.infolist())
                tensors = is_pt_zip(frozenset(archive.namelist()))
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, EOFError) as error:
            raise wrong(name, "it is damaged or cut off; get it again", "文件已损坏或不完整；请重新获取") from error
        if not tensors:
            raise wrong(name, "it is a ZIP in a ZIP; unpack it first", "ZIP 中还有 ZIP；请先解压")
    if unpacked > LARGEST_PT:
        raise wrong(
            name, f"it unpacks to {unpacked >> 20} MB; this is no voice", f"解压后为 {unpacked >> 20} MB，不是音色文件"
        )


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.startswith("torch") and hasattr(value, "numel")


def _numbers(tensor: Any, size: int, name: str) -> Any:
    """The numbers of a tensor, counted before they are touched: one number can claim to be a billion."""
    count = tensor.numel()
    if count != size or not tensor.dtype.is_floating_point:
        raise wrong(
            name,
            f"a voice has {size} numbers, this {count} of the kind {tensor.dtype}",
            f"音色应有 {size} 个数，这里有 {count} 个（{tensor.dtype}）",
        )
    return tensor.detach().flatten().double().numpy()


def _speaker(key: str, one: dict[Any, Any], name: str) -> Carried:
    """An entry of `spk2info.pt`."""
    tensor = one.get("embedding", one.get("flow_embedding", one.get("llm_embedding")))
    where = f"{name}, {key[:40]}"
    if not _is_tensor(tensor):
        raise wrong(where, "it has no speaker vector", "没有说话人向量")
    content = embedding(_numbers(tensor, COSYVOICE_SIZE, where), where, COSYVOICE_SIZE)
    heard = "flow_prompt_speech_token" in one  # from a clip of somebody
    gender = "female" if "女" in key else "male" if "男" in key else ""
    tongues = {"中文": "zh", "英文": "en", "日语": "ja", "韩语": "ko", "粤语": "yue"}
    languages = tuple(code for word, code in tongues.items() if key.startswith(word))
    voice = NewVoice(
        COSYVOICE, "embedding", content, short(key) or stem_of(name), languages=languages, gender=gender,  # type: ignore[arg-type]
        origin=origin_of("cosyvoice", name) | ({CLONED: True} if heard else {}),
    )  # fmt: skip
    return Carried(voice, notes=(_HEARD,) if heard else ())


# safetensors


def is_safetensors(head: bytes) -> bool:
    return len(head) > 9 and head[8:9] == b"{" and 2 <= struct.unpack("<Q", head[:8])[0] <= LARGEST_HEADER


def read_safetensors(data: bytes, name: str) -> list[Carried]:
    """Each tensor a voice, with its facts where our own metadata tells them; otherwise its size tells the engine."""
    header, body = _header(data, name)
    meta = header.pop("__metadata__", {})
    told = json_of(meta[VOICES].encode(), name) if isinstance(meta, dict) and isinstance(meta.get(VOICES), str) else {}
    if not header or len(header) > MOST_SPEAKERS or not isinstance(told, dict):
        raise wrong(name, "it holds no voices, or far too many", "其中没有音色，或数量过多")
    return [_from_tensor(key, about, body, told.get(key), name) for key, about in header.items()]


def _header(data: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    length = struct.unpack("<Q", data[:8])[0]
    if length > min(LARGEST_HEADER, len(data) - 8):
        raise wrong(name, "it is cut off: its header is longer than the file", "文件不完整：文件头比文件还长")
    header = json_of(data[8 : 8 + length], name)
    if not isinstance(header, dict):
        raise wrong(name, "its header is damaged", "文件头已损坏")
    return header, data[8 + length :]


def _from_tensor(key: str, about: Any, body: bytes, told: Any, name: str) -> Carried:
    where = f"{name}, {key[:40]}"
    try:
        begin, end = about["data_offsets"]
        kind, shape = KINDS[about["dtype"]], [int(side) for side in about["shape"]]
        count = int(np.prod(shape, dtype=np.float64)) if shape else 1
        if not 0 <= begin <= end <= len(body) or count > MOST_NUMBERS or end - begin != count * int(kind[-1]):
            raise ValueError("its numbers do not fit its shape")
        values = np.frombuffer(body[begin:end], kind)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise wrong(where, "it is no vector of numbers, or cut off", "不是数值向量，或不完整") from error
    if isinstance(told, dict):
        return carried_of({**told, "content": embedding(values, where)}, where)
    engine = {CHATTTS_SIZE: CHATTTS, COSYVOICE_SIZE: COSYVOICE}.get(count)
    if engine is None:
        raise wrong(
            where,
            f"{count} numbers: a voice of ChatTTS has {CHATTTS_SIZE}, of CosyVoice {COSYVOICE_SIZE}",
            f"{count} 个数：ChatTTS 音色为 {CHATTTS_SIZE} 个，CosyVoice 为 {COSYVOICE_SIZE} 个",
        )
    named = key != ALONE
    voice = NewVoice(
        engine, "embedding", embedding(values, where, half=engine == CHATTTS),
        (short(key) if named else "") or stem_of(name), origin=origin_of("safetensors", name),
    )  # fmt: skip
    return Carried(voice, named)


def write_safetensors(out: Sequence[Outgoing]) -> bytes:
    """The vectors under the voices' names (a number is added where two are equal), with all that is known of them."""
    header: dict[str, Any] = {}
    told, body = {}, b""
    for one in out:
        key, number = one.voice.name, 1
        while key in header or key == "__metadata__":
            number += 1
            key = f"{one.voice.name} ({number})"
        values = numbers_of(one.voice.content, one.voice.name).tobytes()
        header[key] = {
            "dtype": "F32",
            "shape": [len(values) // 4],
            "data_offsets": [len(body), len(body) + len(values)],
        }
        body += values
        told[key] = {name: value for name, value in plain_of(one).items() if name != "content"}
    header["__metadata__"] = {VOICES: json.dumps(told, ensure_ascii=False)}
    plain = json.dumps(header, ensure_ascii=False).encode()
    plain += b" " * (-len(plain) % 8)
    return struct.pack("<Q", len(plain)) + plain + body
