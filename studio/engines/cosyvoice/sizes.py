"""The sizes of a CosyVoice checkpoint: which of the three generations it is, and what its modules are built from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from studio.engines.cosyvoice.configuration import CLASS, Plain, bad, read
from studio.errors import BadFile
from studio.nn.cache import DecoderConfig
from studio.nn.relative import RelativeConfig

Generation = Literal[1, 2, 3]
NAMES: dict[str, Generation] = {"cosyvoice.yaml": 1, "cosyvoice2.yaml": 2, "cosyvoice3.yaml": 3}
CLASSES: dict[Generation, tuple[str, str, str]] = {
    1: ("TransformerLM", "MaskedDiffWithXvec", "HiFTGenerator"),
    2: ("Qwen2LM", "CausalMaskedDiffWithXvec", "HiFTGenerator"),
    3: ("CosyVoice3LM", "CausalMaskedDiffWithDiT", "CausalHiFTGenerator"),
}
MELS = 80
QWEN = "CosyVoice-BlankEN"  # the folder of the text model's sizes and vocabulary
UP_BLOCKS = 4  # of the second half of the second generation's encoder; its configuration does not say
LARGEST_SIZE = 1 << 18


@dataclass(frozen=True)
class SpeechIds:
    """Numbers of the speech vocabulary beyond the sounds themselves."""

    sounds: int  # ids below it are sounds
    vocabulary: int  # scores that the head gives
    end: int
    fill: int  # asks for more text; -1 where the model knows no such thing
    start: int  # row of the table that begins a sequence
    task: int  # row that begins speech

    @property
    def stops(self) -> range:
        """Ids that end an utterance."""
        return range(self.sounds, self.vocabulary)


@dataclass(frozen=True)
class FlowSizes:
    """Of the part that turns sounds into a mel spectrogram."""

    width: int  # of the token embedding
    rate: int  # sounds a second
    frames: int  # mel frames of one sound; 0 where they do not divide evenly
    ahead: int  # sounds that are looked at beyond the present one
    chunk: int  # sounds of a streamed chunk
    encoder: RelativeConfig | None  # none in the third generation
    ahead_channels: int
    estimator: Mapping[str, Any]  # channels, n_blocks, … or dim, depth, …
    guidance: float = 0.7


@dataclass(frozen=True)
class VocoderSizes:
    """Of the vocoder."""

    rate: int
    channels: int
    rates: tuple[int, ...]
    kernels: tuple[int, ...]
    block_kernels: tuple[int, ...]
    block_dilations: tuple[tuple[int, ...], ...]
    source_kernels: tuple[int, ...]
    source_dilations: tuple[tuple[int, ...], ...]
    fft: int
    hop: int
    harmonics: int
    amplitude: float
    noise: float
    voiced: float
    slope: float
    limit: float
    pitch_channels: int
    ahead: int = 0  # mel frames that `conv_pre` looks at beyond the present one (third generation)

    @property
    def scale(self) -> int:
        """Samples of one mel frame."""
        product = self.hop
        for rate in self.rates:
            product *= rate
        return product


@dataclass(frozen=True)
class MelSizes:
    """Of the mel spectrogram of a prompt."""

    rate: int
    fft: int
    hop: int
    window: int
    low: float
    high: float | None  # None: half the rate


@dataclass(frozen=True)
class Sizes:
    """Everything that the modules are built from."""

    generation: Generation
    rate: int  # of the sound
    ids: SpeechIds
    sampling: Mapping[str, float]  # top_p, top_k, win_size, tau_r
    text: RelativeConfig | None  # the first generation's text encoder
    text_tokens: int  # rows of the table of words
    text_width: int  # of the first generation's table
    decoder: DecoderConfig | RelativeConfig
    mix: tuple[int, int]  # text and speech tokens in turn, when text comes as it is written
    flow: FlowSizes
    vocoder: VocoderSizes
    mel: MelSizes
    speaker: int  # numbers of a speaker's embedding


def find(root: Path, wanted: int | None = None) -> tuple[Path, Generation]:
    """The configuration in a folder, of the generation that is wanted. `BadFile` where there is none."""
    names = {name: generation for name, generation in NAMES.items() if wanted in (None, generation)}
    for name, generation in names.items():
        if (root / name).is_file():
            return root / name, generation
    raise BadFile(
        f"{root.name}: no such CosyVoice model there (it lacks {', '.join(names)}); check the folder",
        f"{root.name}：其中没有所需的 CosyVoice 模型（缺少 {'、'.join(names)}）；请检查所给的文件夹",
        where=str(root),
    )


def read_sizes(root: Path, wanted: int | None = None) -> Sizes:
    """The sizes of the checkpoint in `root`. `BadFile` names what cannot be."""
    path, generation = find(root, wanted)
    plain = read(path)
    for part, class_ in zip(("llm", "flow", "hift"), CLASSES[generation], strict=True):
        is_ = str((plain.get(part) or {}).get(CLASS, "nothing") if isinstance(plain.get(part), dict) else "nothing")
        if is_.rpartition(".")[2] != class_:
            raise bad(path, f"{part} is {is_}, not {class_}", f"{part} 是 {is_}，应为 {class_}")
    try:
        return _sizes(root, plain, generation)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise bad(path, f"{type(error).__name__}: {error}", f"{type(error).__name__}：{error}") from error


def _sizes(root: Path, plain: Plain, generation: Generation) -> Sizes:
    llm, flow, feats = plain["llm"], plain["flow"], plain["feat_extractor"]
    sounds = _whole(llm, "speech_token_size")
    first = generation == 1
    qwen = {} if first else _qwen(root / QWEN / "config.json")
    return Sizes(
        generation=generation,
        rate=_whole(plain, "sample_rate"),
        ids=_ids(generation, sounds),
        sampling={name: float(llm["sampling"][name]) for name in ("top_p", "top_k", "win_size", "tau_r")},
        text=_relative(llm["text_encoder"], relu=False) if first else None,
        text_tokens=_whole(llm, "text_token_size") if first else _whole(qwen, "vocab_size"),
        text_width=_whole(llm, "text_encoder_input_size") if first else 0,
        decoder=_relative(llm["llm"], relu=True) if first else _decoder(qwen),
        mix=(0, 0) if first else _pair(llm.get("mix_ratio", (5, 15))),
        flow=_flow(plain, flow, generation),
        vocoder=_vocoder(plain["hift"]),
        mel=MelSizes(
            _whole(feats, "sampling_rate"),
            _whole(feats, "n_fft"),
            _whole(feats, "hop_size"),
            _whole(feats, "win_size"),
            float(feats["fmin"]),
            None if feats["fmax"] is None else float(feats["fmax"]),
        ),
        speaker=_whole(plain, "spk_embed_dim"),
    )


def _ids(generation: Generation, sounds: int) -> SpeechIds:
    match generation:
        case 1:
            return SpeechIds(sounds, sounds + 1, end=sounds, fill=-1, start=0, task=1)
        case 2:
            return SpeechIds(sounds, sounds + 3, end=sounds, fill=sounds + 2, start=0, task=1)
        case 3:
            return SpeechIds(sounds, sounds + 200, end=sounds + 1, fill=sounds + 3, start=sounds, task=sounds + 2)


def _flow(plain: Plain, flow: Plain, generation: Generation) -> FlowSizes:
    estimator = flow["decoder"]["estimator"]
    cfm = flow["decoder"]["cfm_params"]["content"]
    if cfm["solver"] != "euler" or cfm["t_scheduler"] != "cosine":
        raise ValueError(f"{cfm['solver']}, {cfm['t_scheduler']}: only euler steps on a cosine schedule are known")
    if _whole(flow, "output_size") != MELS:
        raise ValueError(f"output_size {flow['output_size']}")
    ahead = _whole({"pre_lookahead_len": 3, **flow}, "pre_lookahead_len") if generation > 1 else 0
    return FlowSizes(
        width=_whole(flow, "input_size"),
        rate=_whole({"input_frame_rate": 50 if generation == 1 else 25, **flow}, "input_frame_rate"),
        frames=_whole({"token_mel_ratio": 2, **flow}, "token_mel_ratio") if generation > 1 else 0,
        ahead=ahead,
        chunk=_whole({"chunk_size": 25, **plain}, "chunk_size") if generation > 1 else 0,
        encoder=None if generation == 3 else _relative(flow["encoder"], relu=False),
        ahead_channels=_whole(flow["pre_lookahead_layer"], "channels") if generation == 3 else 0,
        estimator={name: value for name, value in estimator.items() if name != CLASS},
        guidance=float(cfm["inference_cfg_rate"]),
    )


def _vocoder(given: Plain) -> VocoderSizes:
    return VocoderSizes(
        rate=_whole(given, "sampling_rate"),
        channels=_whole(given, "base_channels"),
        rates=_several(given, "upsample_rates"),
        kernels=_several(given, "upsample_kernel_sizes"),
        block_kernels=_several(given, "resblock_kernel_sizes"),
        block_dilations=tuple(tuple(int(n) for n in one) for one in given["resblock_dilation_sizes"]),
        source_kernels=_several(given, "source_resblock_kernel_sizes"),
        source_dilations=tuple(tuple(int(n) for n in one) for one in given["source_resblock_dilation_sizes"]),
        fft=_whole(given["istft_params"], "n_fft"),
        hop=_whole(given["istft_params"], "hop_len"),
        harmonics=_whole(given, "nb_harmonics") + 1,
        amplitude=float(given["nsf_alpha"]),
        noise=float(given["nsf_sigma"]),
        voiced=float(given["nsf_voiced_threshold"]),
        slope=float(given["lrelu_slope"]),
        limit=float(given["audio_limit"]),
        pitch_channels=_whole(given["f0_predictor"], "cond_channels"),
        ahead=int(given.get("conv_pre_look_right", 0)),
    )


def _relative(given: Plain, *, relu: bool) -> RelativeConfig:
    for name, wanted in (("pos_enc_layer_type", "rel_pos_espnet"), ("selfattention_layer_type", "rel_selfattn")):
        if given.get(name) != wanted:
            raise ValueError(f"{name} is {given.get(name)}")
    if given.get("use_cnn_module", False) or given.get("macaron_style", False):
        raise ValueError("convolutions inside its blocks are not known")
    return RelativeConfig(
        _whole(given, "output_size"),
        _whole(given, "num_blocks"),
        _whole(given, "attention_heads"),
        _whole(given, "linear_units"),
        inputs=_whole(given, "input_size"),
        relu=relu,
    )


def _qwen(path: Path) -> Mapping[str, Any]:
    try:
        given = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise bad(path, "it cannot be read", "无法读取") from error
    if given.get("model_type") != "qwen2":
        raise bad(path, f"it describes {given.get('model_type')}", f"它描述的是 {given.get('model_type')}")
    return dict(given)


def _decoder(given: Mapping[str, Any]) -> DecoderConfig:
    return DecoderConfig(
        _whole(given, "hidden_size"),
        _whole(given, "num_hidden_layers"),
        _whole(given, "num_attention_heads"),
        _whole(given, "intermediate_size"),
        kv_heads=_whole(given, "num_key_value_heads"),
        rope_base=float(given["rope_theta"]),
        eps=float(given["rms_norm_eps"]),
        bias=True,
        positions=min(_whole(given, "max_position_embeddings"), 8192),
    )


def _whole(given: Mapping[str, Any], name: str) -> int:
    value = given[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_SIZE:
        raise ValueError(f"{name} is {value!r}")
    return value


def _several(given: Mapping[str, Any], name: str) -> tuple[int, ...]:
    return tuple(_whole({name: one}, name) for one in given[name])


def _pair(given: Any) -> tuple[int, int]:
    one, other = (_whole({"mix_ratio": n}, "mix_ratio") for n in given)
    return one, other
