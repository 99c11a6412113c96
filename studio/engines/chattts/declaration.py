"""What ChatTTS declares: its controls with the ranges of its training, marks, settings, licences."""

from studio.control import Control, Group, Value
from studio.engines.chattts.tokens import IN_TEXT
from studio.engines.contract import ClipUse, EngineSpec, How, MarkSupport, VoiceKind
from studio.words import Words

ID = "chattts"
REVISION = 6  # of our code; raise it when the same recipe would sound different
STRINGS = 20_000  # characters of a pasted string

Kind = Words


def _number(
    name: str, default: float, low: float, high: float, step: float, label: Words, help: Words, group: Group
) -> Control:
    return Control(name, "number", default, label, help, low=low, high=high, step=step, group=group)


def _whole(name: str, default: int, low: int, high: int, label: Words, help: Words, group: Group) -> Control:
    return Control(name, "integer", default, label, help, low=low, high=high, step=1, group=group)


def _choice(name: str, default: str, choices: dict[str, Words], label: Words, help: Words, group: Group) -> Control:
    return Control(name, "choice", default, label, help, choices=tuple(choices.items()), group=group)


def _text(name: str, label: Words, help: Words, longest: int = STRINGS, held: bool = False) -> Control:
    return Control(name, "text", "", label, help, high=longest, group="expert", held=held)


CONTROLS = (
    _whole(
        "speed",
        5,
        0,
        9,
        Words("Speed", "语速"),
        Words("The model's own pace: 0 is slow, 9 is fast.", "模型自身的语速：0 最慢，9 最快。"),
        "basic",
    ),
    Control(
        "refine",
        "switch",
        False,
        Words("Refine text", "口语化"),
        Words(
            "The model writes pauses, laughter and fillers into the text before it speaks.",
            "朗读前先由模型在文本中加入停顿、笑声和语气词。",
        ),
    ),
    _number(
        "temperature",
        0.3,
        0.00001,
        2.0,
        0.01,
        Words("Temperature", "温度"),
        Words(
            "Higher is livelier and less steady; lower is even and more alike from run to run.",
            "越高越生动也越不稳定；越低越平稳，每次更相似。",
        ),
        "basic",
    ),
    _choice(
        "hold",
        "embedding",
        {"embedding": Words("by the voice", "靠音色"), "first": Words("by the first sentence", "靠第一句")},
        Words("Hold the voice", "保持音色"),
        Words(
            "In a long text the first sentence can serve as a sample for the others: steadier, and slower to begin.",
            "长文本中可用第一句作为后面各句的样本：音色更稳，但起步较慢。",
        ),
        "basic",
    ),
    _whole(
        "oral",
        2,
        0,
        9,
        Words("Oral", "口语程度"),
        Words(
            "More fillers and looser speech as it goes up. Used when refining.",
            "越高语气词越多、说话越随意。用于口语化。",
        ),
        "refining",
    ),
    _whole(
        "laugh",
        0,
        0,
        2,
        Words("Laughter", "笑声"),
        Words("More laughter as it goes up. Used when refining.", "越高笑声越多。用于口语化。"),
        "refining",
    ),
    _whole(
        "break",
        4,
        0,
        7,
        Words("Pauses", "停顿"),
        Words("More pauses as it goes up. Used when refining.", "越高停顿越多。用于口语化。"),
        "refining",
    ),
    _number(
        "refine_temperature",
        0.7,
        0.00001,
        2.0,
        0.01,
        Words("Refining: temperature", "口语化：温度"),
        Words("Higher adds more surprising things to the text.", "越高加入的内容越出人意料。"),
        "refining",
    ),
    _number(
        "refine_top_p",
        0.7,
        0.01,
        1.0,
        0.01,
        Words("Refining: top-P", "口语化：top-P"),
        Words("Lower keeps to the likeliest words.", "越低越只用最可能的词。"),
        "refining",
    ),
    _whole(
        "refine_top_k",
        20,
        3,
        626,
        Words("Refining: top-K", "口语化：top-K"),
        Words("Among how many likeliest tokens is drawn.", "从最可能的多少个标记中抽取。"),
        "refining",
    ),
    _number(
        "refine_repetition_penalty",
        1.0,
        1.0,
        2.0,
        0.01,
        Words("Refining: repetition penalty", "口语化：重复惩罚"),
        Words("Higher avoids what was written just now.", "越高越避免重复刚写过的内容。"),
        "refining",
    ),
    _whole(
        "refine_max_tokens",
        384,
        1,
        2048,
        Words("Refining: most tokens", "口语化：最多标记数"),
        Words("Where refining of a line ends at the latest.", "一句口语化最多生成的标记数。"),
        "refining",
    ),
    _choice(
        "refine_guard",
        "refuse",
        {
            "refuse": Words("refuse", "拒绝"),
            "original": Words("speak the original", "用原文"),
            "allow": Words("allow", "允许"),
        },
        Words("When refining changes words", "口语化改动原文时"),
        Words(
            "After the tries are used up: stop with an error, speak the text as written, or speak what came out.",
            "重试用完后：报错停止、朗读原文，或照改动后的文本朗读。",
        ),
        "refining",
    ),
    _number(
        "top_p",
        0.7,
        0.01,
        1.0,
        0.01,
        Words("Top-P", "top-P"),
        Words("Lower keeps to the likeliest sounds.", "越低越只用最可能的声音。"),
        "sampling",
    ),
    _whole(
        "top_k",
        20,
        3,
        626,
        Words("Top-K", "top-K"),
        Words("Among how many likeliest sounds is drawn.", "从最可能的多少个声音中抽取。"),
        "sampling",
    ),
    _number(
        "repetition_penalty",
        1.05,
        1.0,
        2.0,
        0.01,
        Words("Repetition penalty", "重复惩罚"),
        Words("Higher avoids the sounds of the last third of a second.", "越高越避免重复最近三分之一秒的声音。"),
        "sampling",
    ),
    _whole(
        "max_tokens",
        2048,
        16,
        2048,
        Words("Most frames", "最多帧数"),
        Words("Where a line ends at the latest: 47 frames are a second.", "一句最多生成的帧数：47 帧为一秒。"),
        "sampling",
    ),
    _whole(
        "min_tokens",
        0,
        0,
        2048,
        Words("Least frames", "最少帧数"),
        Words("A line does not end before: 47 frames are a second.", "一句至少生成的帧数：47 帧为一秒。"),
        "sampling",
    ),
    _whole(
        "retries",
        2,
        0,
        8,
        Words("Retries", "重试次数"),
        Words(
            "How often a line that ended at once, looped or stayed silent is drawn again.",
            "一句若立即结束、陷入循环或无声，重新生成的次数。",
        ),
        "sampling",
    ),
    _choice(
        "draws",
        "own",
        {
            "own": Words("one stream a line", "每句独立随机流"),
            "repeated": Words("as ChatTTS with a seed", "与 ChatTTS 种子一致"),
        },
        Words("Chance", "随机方式"),
        Words(
            "“As ChatTTS” draws the same chance at every step, to repeat what its package makes of a text seed.",
            "“与 ChatTTS 一致”在每一步重复同一随机数，用于复现其软件包在某文本种子下的结果。",
        ),
        "expert",
    ),
    _choice(
        "decoder",
        "decoder",
        {"decoder": Words("decoder", "解码器"), "dvae": Words("DVAE", "DVAE")},
        Words("Sound from", "声音来源"),
        Words(
            "The decoder reads what the model thinks, the DVAE only the codes it drew; the decoder sounds fuller.",
            "解码器读取模型的内部状态，DVAE 只读取抽出的编码；解码器更饱满。",
        ),
        "expert",
    ),
    _text(
        "prompt",
        Words("Prompt tokens", "提示标记"),
        Words(
            "Stand before the text in place of [speed_5], e.g. [speed_3]. Empty: made from Speed.",
            "放在文本之前，代替 [speed_5]，例如 [speed_3]。留空则由“语速”决定。",
        ),
        400,
    ),
    _text(
        "prefix",
        Words("Text before", "前置文本"),
        Words("Raw text or tokens between the prompt tokens and the line.", "放在提示标记与台词之间的原始文本或标记。"),
        400,
    ),
    _text(
        "suffix",
        Words("Text after", "后置文本"),
        Words("Raw text or tokens behind the line, e.g. [lbreak].", "放在台词之后的原始文本或标记，例如 [lbreak]。"),
        400,
    ),
    _text(
        "sample_code",
        Words("Audio sample code", "音频样本码"),
        Words(
            "The string of an audio sample whose voice and manner are continued.",
            "音频样本的编码字符串，将延续其音色与语气。",
        ),
    ),
    _text(
        "sample_text",
        Words("Text of the sample", "样本文字"),
        Words("What is said in the sample, word for word.", "样本中所说的内容，逐字写出。"),
        1000,
    ),
    _text(
        "coefficient",
        Words("DVAE coefficient", "DVAE 系数"),
        Words(
            "The string of 100 numbers that shape the spectrum. Empty: the checkpoint's own.",
            "决定频谱形状的 100 个数的编码字符串。留空则使用模型自带的。",
        ),
        1000,
        held=True,
    ),
    _text(
        "anchor",
        Words("Anchor sentence", "锚定句"),
        Words(
            "A sentence that is spoken first, unheard, as a sample for this line. Set by “Hold the voice”.",
            "先在后台朗读这句话，作为本句的样本。由“保持音色”自动填写。",
        ),
        1000,
    ),
)

SETTINGS = (
    _choice(
        "precision",
        "auto",
        {
            "auto": Words("automatic", "自动"),
            "fp32": Words("fp32", "fp32"),
            "bf16": Words("bf16", "bf16"),
            "fp16": Words("fp16", "fp16"),
            "int8": Words("int8", "int8"),
        },
        Words("Precision", "精度"),
        Words(
            "int8 is quickest on a CPU, bf16 on a GPU, fp32 is exact.",
            "CPU 上 int8 最快，GPU 上 bf16 最快，fp32 最精确。",
        ),
        "basic",
    ),
    _choice(
        "device",
        "auto",
        {
            "auto": Words("automatic", "自动"),
            "cpu": Words("CPU", "CPU"),
            "cuda": Words("CUDA", "CUDA"),
            "mps": Words("MPS", "MPS"),
        },
        Words("Device", "设备"),
        Words("Where it computes.", "在哪里计算。"),
        "basic",
    ),
    _whole(
        "rows",
        8,
        1,
        8,
        Words("Lines at once", "同时处理句数"),
        Words(
            "More lines at once are quicker together, and each of them comes later.",
            "同时处理的句数越多总体越快，但每句出声更晚。",
        ),
        "basic",
    ),
    _choice(
        "quantiser",
        "1.12.5",
        {name: Words(name, name) for name in ("1.12.4", "1.12.5", "1.18.5", "1.26.0")},
        Words("Quantiser", "量化器"),
        Words(
            "Release of vector_quantize_pytorch whose arithmetic audio samples and the DVAE use.",
            "音频样本与 DVAE 所用的 vector_quantize_pytorch 版本的算法。",
        ),
        "expert",
    ),
)

MARKS = {
    "pause": MarkSupport(How.HONOURED, Words("", "")),
    "break": MarkSupport(How.HONOURED, Words("a short break, [uv_break]", "短停顿 [uv_break]")),
    "laugh": MarkSupport(How.HONOURED, Words("a laugh, [laugh]", "笑声 [laugh]")),
    "breath": MarkSupport(How.IGNORED, Words("ChatTTS has no token for it", "ChatTTS 没有对应的标记")),
    "say": MarkSupport(How.APPROXIMATED, Words("by characters or a spelling with that sound", "用同音字或拼写代替")),
    "emotion": MarkSupport(How.IGNORED, Words("ChatTTS takes no emotion", "ChatTTS 不支持情绪")),
    "strong": MarkSupport(How.IGNORED, Words("ChatTTS takes no emphasis", "ChatTTS 不支持重读")),
    "speed": MarkSupport(How.IGNORED, Words("set the control Speed for the whole text", "请用“语速”控制整段文本")),
}


def declare(size: int = 768, version: str = "", settings: dict[str, Value] | None = None) -> EngineSpec:
    """The declaration; `size` is that of the checkpoint's embeddings, `version` names its weights and precision."""
    return EngineSpec(
        id=ID,
        title=Words("ChatTTS", "ChatTTS"),
        about=Words(
            "Conversational Chinese and English with pauses and laughter; voices drawn from seeds.",
            "适合对话的中英文语音，带停顿与笑声；音色可用种子抽取。",
        ),
        version=f"{REVISION}" + (f"+{version}" if version else ""),
        languages=("zh", "en"),
        rate=24_000,
        voice_kinds=frozenset({VoiceKind.SEED, VoiceKind.EMBEDDING, VoiceKind.CLIP}),
        controls=CONTROLS,
        marks=MARKS,
        native_tokens=IN_TEXT,
        streams=True,
        concurrent=True,
        default_voice="seed:2222",
        settings=SETTINGS,
        longest=200,
        pace=16.0,
        embedding_size=size,
        clips=ClipUse(transcript="needed"),
        code_licence="Apache-2.0",
        weights_licence="CC-BY-NC-4.0",
        weights=(ID,),
        homepage="https://github.com/2noise/ChatTTS",
    )
