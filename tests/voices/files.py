"""Voice files in the layouts of other tools, written here: small, with numbers of our own."""

import base64
import io
import json
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np

from studio.engines.chattts.strings import sample_string, speaker_string

SIZE = 768


def vector(seed: int = 0, size: int = SIZE) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Numbers such as a speaker has, exact in float16."""
    drawn = np.random.default_rng(seed).normal(0, 3, size)
    return drawn.astype(np.float16).astype(np.float32)


def write(path: Path, content: bytes | str | Any) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
    return path


def csv(path: Path, seed: int = 0) -> Path:
    return write(path, "\n".join(str(float(value)) for value in vector(seed)))


def code(path: Path, seed: int = 0) -> Path:
    return write(path, speaker_string(vector(seed).astype(np.float16)))


def sample_code(path: Path, words: str = "") -> Path:
    codes = np.random.default_rng(3).integers(0, 625, (4, 60))
    return write(path, sample_string(codes) + (f"\n{words}\n" if words else ""))


def colab(path: Path, *seeds: int) -> Path:
    """The second writes its numbers as a text, as the older files do."""
    voices = {}
    for number, seed in enumerate(seeds, 1):
        tensor: Any = [float(value) for value in vector(seed)]
        voices[str(number)] = {
            "gender": "女性" if seed % 2 else "male", "describe": f"说明 {seed}",
            "tensor": json.dumps(tensor) if number == 2 else tensor,
        }  # fmt: skip
    return write(path, voices)


def manager(path: Path, *seeds: int) -> Path:
    voices = [
        {"name": f"角色 {seed}", "gender": seed % 2, "describe": "旁白", "tensor": [float(v) for v in vector(seed)]}
        for seed in seeds
    ]
    return write(path, voices)


def seeds(path: Path) -> Path:
    return write(path, [{"seed": 2222, "name": "播音", "path": "saved_seeds/2222.pt"}, {"seed": "31", "name": ""}])


def typed(kind: str, **data: Any) -> dict[str, Any]:
    return {"_type": kind, "data": data}


def forge(path: Path, seed: int = 0, **more: Any) -> Path:
    tensor = {"_type": "torch.Tensor", "data": base64.b64encode(vector(seed).astype("<f4").tobytes()).decode()}
    token = typed("DcSpkVoiceToken", model_id="chat-tts", model_hash="", tokens=[tensor], embedding=None, feat=None)
    advice = typed(
        "DcSpkInferConfig", tempature=0.2, top_k=20, top_p=0.6, max_tokens=1024, repetition_penalty=1.1, emotion="*"
    )
    return write(path, _forge(token=[token], recommend_config=advice, **more))


def _forge(**more: Any) -> dict[str, Any]:
    meta = typed(
        "DcSpkMeta", name="青石", desc="沉稳", gender="男性", author="someone", version="", created_date=1,
        avatar="", tags=["story", "低沉"],
    )  # fmt: skip
    data = {"id": "0" * 32, "version": "0.1", "meta": meta, "token": [], "samples": [], "refs": [], "train_info": None}
    return typed("DcSpk", **data | {"recommend_config": None} | more)


def forge_clips(path: Path) -> Path:
    """Two reference clips: a WAV file, and bare samples of a known emotion, as versions of that tool write them."""
    refs = [
        typed(
            "DcSpkReference", text="第一句话。", wav={"_type": "bytes", "data": base64.b64encode(tone()).decode()},
            wav_sr=16_000, emotion=None, lang="ZH",
        ),
        typed(
            "DcSpkReference", text="太好了！", wav={"_type": "bytes", "data": base64.b64encode(tone()[44:]).decode()},
            wav_sr=16_000, emotion="happy", lang=None,
        ),
    ]  # fmt: skip
    return write(path, _forge(refs=refs))


def tone(seconds: float = 1.5, rate: int = 16_000) -> bytes:
    """A WAV file."""
    samples = (8000 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def pt(path: Path, seed: int = 0, *, old: bool = False) -> Path:
    import torch

    torch.save(torch.from_numpy(vector(seed)).half(), path, _use_new_zipfile_serialization=not old)
    return path


def spk2info(path: Path) -> Path:
    import torch

    plain = {"embedding": torch.from_numpy(vector(1, 192))[None]}
    speaker = torch.from_numpy(vector(2, 192))[None]
    heard = {
        "flow_embedding": speaker,
        "llm_embedding": speaker,
        "flow_prompt_speech_token": torch.zeros(1, 50, dtype=torch.int32),
        "prompt_speech_feat": torch.zeros(1, 100, 80),
    }
    torch.save({"中文女": plain, "my_voice": heard}, path)
    return path


def ranking(path: Path, *seeds: int) -> Path:
    rows = ["seed_id,rank_long,rank_multi,rank_single,score,gender,age,feature,emb_data"]
    for seed in seeds:
        data = base64.b64encode(pt(path.with_suffix(".tmp"), seed).read_bytes()).decode()
        rows.append(
            f"seed_{seed}_restored,0.93,0.91,0.95,0.62,男:92.10;女:7.90,青年:71.5;中年:28.5,低沉:66;沙哑:20,{data}"
        )
    path.with_suffix(".tmp").unlink()
    return write(path, "\n".join(rows) + "\n")


def safetensors(path: Path, **vectors: np.ndarray[Any, np.dtype[np.float32]]) -> Path:
    header, body = {}, b""
    for name, values in vectors.items():
        data = values.astype("<f2").tobytes()
        header[name] = {"dtype": "F16", "shape": [1, len(values)], "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    plain = json.dumps(header).encode()
    return write(path, struct.pack("<Q", len(plain)) + plain + body)
