"""The words of cloning: the doctor, consent, clips for moods, deletion under use, another voice for a take."""

from studio.words import Words

CLONING_STRINGS: dict[str, Words] = {
    "clone.open": Words("Clone", "克隆"),
    "clone.title": Words("Clone a voice", "克隆音色"),
    "clone.back": Words("Back to the voices", "返回音色"),
    "clone.drop": Words("Drop a recording of one person", "拖入一段单人录音"),
    "clone.drop.help": Words(
        "Sound or video of any length; the best 3 to 10 seconds are found.",
        "任意长度的音频或视频；会自动找出最好的 3–10 秒。",
    ),
    "clone.noengine": Words("No engine that clones is installed: {names}.", "尚未安装可以克隆音色的引擎：{names}。"),
    "clone.install": Words("See the models", "查看模型"),
    "clone.looking": Words("Listening to it …", "正在检查录音……"),
    "clone.hear": Words("Hear it", "试听"),
    "clone.from": Words("From", "从"),
    "clone.to": Words("to", "到"),
    "clone.good": Words("good", "好"),
    "clone.fair": Words("fair", "一般"),
    "clone.poor": Words("poor", "差"),
    "clone.transcript": Words("What is said in it", "片段里说的话"),
    "clone.transcript.help": Words("Word for word; it makes the copy better.", "逐字填写，克隆效果更好。"),
    "clone.write": Words("Write it down", "自动识别"),
    "clone.me": Words("myself", "本人"),
    "clone.consent": Words("Consent", "授权"),
    "clone.speaker": Words("Speaker", "说话人"),
    "clone.expires": Words("Until (empty: no end)", "有效期至（不填为长期）"),
    "clone.proof": Words("Where the consent is kept", "授权凭证存放位置"),
    "clone.without": Words(
        "Without it the voice can be heard here, not exported or used in productions.",
        "没有授权的音色只能试听，不能导出或用于作品。",
    ),
    "clone.use": Words("Save and speak", "保存并使用"),
    "clone.save": Words("Save", "保存"),
    "clone.kept.without": Words(
        "“{name}” is kept without consent: it can only be heard.", "“{name}”已保存，但没有授权：只能试听。"
    ),
    "clone.noconsent": Words("no consent", "无授权"),
    "clone.rights": Words("Consent and clips", "授权与参考音频"),
    "clone.rights.of": Words("Consent and clips of {name}", "{name} 的授权与参考音频"),
    "clone.clips": Words("Clips", "参考音频"),
    "clone.clips.help": Words(
        "A text or line that asks for an emotion is spoken after the clip with that label.",
        "文本或台词要求某种情感时，会使用带该标签的参考音频。",
    ),
    "clone.clips.add": Words("Add a clip", "添加参考音频"),
    "clone.own": Words("its own clip", "默认参考音频"),
    "clone.emotion": Words("Emotion", "情感"),
    "clone.inuse": Words("“{name}” is in use", "“{name}”正在使用"),
    "clone.usedby": Words("In the cast of: {titles}", "以下作品的配音表用到它：{titles}"),
    "clone.then.keep": Words("These productions keep it for themselves", "在这些作品中保留它"),
    "clone.then.replace": Words("Another voice takes over", "换成另一个音色"),
    "clone.then.leave": Words("Leave them; they ask for a voice when rendered next", "暂不处理，下次渲染时再选"),
    "clone.by": Words("Another voice", "另一个音色"),
    "clone.revoice": Words("Say it in another voice", "换一个音色说"),
    "clone.revoice.voice": Words("In this voice", "目标音色"),
    "clone.revoice.go": Words("Say it", "转换"),
    "clone.noconvert": Words(
        "No engine that changes voices is installed: CosyVoice does it.",
        "尚未安装可转换音色的引擎：CosyVoice 支持此功能。",
    ),
}
