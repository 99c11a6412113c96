"""The models that can be installed: where they are published, their files with digests, their licences in words."""

from dataclasses import dataclass

from studio.words import Words


@dataclass(frozen=True)
class WeightFile:
    """One file of a model."""

    path: str  # below the model's folder, with /
    sha256: str  # as published; "" where it is not known


@dataclass(frozen=True)
class Weights:
    """One installable model."""

    id: str
    title: Words
    repo: str  # on the Hugging Face hub
    about_bytes: int  # to be told before the hub is asked
    files: tuple[WeightFile, ...]
    licence: str  # SPDX
    licence_words: Words  # what it means for whoever uses it
    homepage: str
    revision: str = "main"
    modelscope: str = ""  # on ModelScope, where the same files are published


CHATTTS = Weights(
    id="chattts",
    title=Words("ChatTTS", "ChatTTS"),
    repo="2Noise/ChatTTS",
    about_bytes=1_200_000_000,
    files=(
        WeightFile("asset/DVAE.safetensors", "1d0b044a8368c0513100a2eca98456b289e6be6a18b7a63be1bcaa315ea874d9"),
        WeightFile("asset/Decoder.safetensors", "77aa55e0a977949c4733df3c6f876fa85860d3298cba63295a7bc6901729d4e0"),
        WeightFile("asset/Embed.safetensors", "2ff0be7134934155741b643b74e32fb6bf3eec41257984459b2ed60cdb4c48b0"),
        WeightFile("asset/Vocos.safetensors", "07e5561491cce41f7f90cfdb94b2ff263ff5742c3d89339db99b17ad82cc3f44"),
        WeightFile("asset/gpt/config.json", "0aaa1ecd96c49ad4f473459eb1982fa7ad79fa5de08cde2781bf6ad1f9a0c236"),
        WeightFile("asset/gpt/model.safetensors", "cd0806fd971f52f6a22c923ec64982b305e817bcc41ca83417fcf9141b984a0f"),
        WeightFile(
            "asset/tokenizer/special_tokens_map.json",
            "bd0ac9d9bb1657996b5c5fbcaa7d80f8de530d01a283da97f89deae5b1b8d011",
        ),
        WeightFile(
            "asset/tokenizer/tokenizer_config.json",
            "43e9d658b554fa5ee8d8e1d763349323bfef1ed7a89c0794220ab8861387d421",
        ),
        WeightFile(
            "asset/tokenizer/tokenizer.json",
            "843838a64e121e23e774cc75874c6fe862198d9f7dd43747914633a8fd89c20e",
        ),
    ),
    licence="CC-BY-NC-4.0",
    licence_words=Words(
        "not for commercial use, and the name of its makers (2noise) has to be given",
        "不得用于商业用途，并须注明作者（2noise）",
    ),
    homepage="https://huggingface.co/2Noise/ChatTTS",
)

SENSEVOICE = Weights(
    id="sensevoice",
    title=Words("SenseVoice", "SenseVoice"),
    repo="FunAudioLLM/SenseVoiceSmall",
    about_bytes=940_000_000,
    files=(
        WeightFile("model.pt", "833ca2dcfdf8ec91bd4f31cfac36d6124e0c459074d5e909aec9cabe6204a3ea"),
        WeightFile("config.yaml", "f71e239ba36705564b5bf2d2ffd07eece07b8e3f2bbf6d2c99d8df856339ac19"),
        WeightFile("am.mvn", "29b3c740a2c0cfc6b308126d31d7f265fa2be74f3bb095cd2f143ea970896ae5"),
        WeightFile(
            "chn_jpn_yue_eng_ko_spectok.bpe.model",
            "aa87f86064c3730d799ddf7af3c04659151102cba548bce325cf06ba4da4e6a8",
        ),
    ),
    licence="LicenseRef-FunASR-Model-License",
    licence_words=Words(
        "free to use, change and share where its source, authors and name are told; without any warranty",
        "可自由使用、修改和分享，须注明出处、作者并保留模型名称；不含任何担保",
    ),
    homepage="https://huggingface.co/FunAudioLLM/SenseVoiceSmall",
)

QWEN = "CosyVoice-BlankEN"  # the text model's sizes and vocabulary; its own weights are not needed


def _cosyvoice(id: str, title: str, repo: str, modelscope: str, about_bytes: int, *names: str) -> Weights:
    return Weights(
        id=id,
        title=Words(title, title),
        repo=repo,
        about_bytes=about_bytes,
        files=tuple(WeightFile(name, "") for name in (*names, "llm.pt", "flow.pt", "hift.pt", "campplus.onnx")),
        licence="Apache-2.0",
        licence_words=Words(
            "free to use, change and share, also commercially, where its licence and notices are kept",
            "可自由使用、修改和分享，包括商用，须保留许可证与声明",
        ),
        homepage=f"https://huggingface.co/{repo}",
        modelscope=modelscope,
    )


VOCABULARY = tuple(f"{QWEN}/{name}" for name in ("config.json", "vocab.json", "merges.txt"))
COSYVOICE = (
    _cosyvoice(
        "cosyvoice3", "CosyVoice 3", "FunAudioLLM/Fun-CosyVoice3-0.5B-2512", "FunAudioLLM/Fun-CosyVoice3-0.5B-2512",
        4_400_000_000, "cosyvoice3.yaml", "speech_tokenizer_v3.onnx", *VOCABULARY,
    ),
    _cosyvoice(
        "cosyvoice2", "CosyVoice 2", "FunAudioLLM/CosyVoice2-0.5B", "iic/CosyVoice2-0.5B",
        3_100_000_000, "cosyvoice2.yaml", "speech_tokenizer_v2.onnx", *VOCABULARY,
    ),
    _cosyvoice(
        "cosyvoice1", "CosyVoice 300M", "FunAudioLLM/CosyVoice-300M", "iic/CosyVoice-300M",
        2_300_000_000, "cosyvoice.yaml", "speech_tokenizer_v1.onnx",
    ),
    _cosyvoice(
        "cosyvoice1-sft", "CosyVoice 300M SFT", "FunAudioLLM/CosyVoice-300M-SFT", "iic/CosyVoice-300M-SFT",
        2_300_000_000, "cosyvoice.yaml", "speech_tokenizer_v1.onnx", "spk2info.pt",
    ),
    _cosyvoice(
        "cosyvoice1-instruct", "CosyVoice 300M Instruct", "FunAudioLLM/CosyVoice-300M-Instruct",
        "iic/CosyVoice-300M-Instruct", 2_300_000_000, "cosyvoice.yaml", "speech_tokenizer_v1.onnx", "spk2info.pt",
    ),
)  # fmt: skip

CATALOGUE: dict[str, Weights] = {weights.id: weights for weights in (CHATTTS, SENSEVOICE, *COSYVOICE)}
