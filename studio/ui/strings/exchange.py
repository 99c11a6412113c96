"""The words of files of voices, and of many voices at once."""

from studio.words import Words

EXCHANGE_STRINGS: dict[str, Words] = {
    "exchange.import": Words("Import", "导入"),
    "exchange.choose": Words("Choose files, or drop them anywhere on this page", "选择文件，或直接拖到本页任意位置"),
    "exchange.help": Words(
        "Voice cards and packs, and files of ChatTTS, ChatTTS-ui, Speech-AI-Forge, CosyVoice and others. A file is "
        "known by what is in it; nothing in it is ever run.",
        "支持音色卡、音色包，以及 ChatTTS、ChatTTS-ui、Speech-AI-Forge、CosyVoice 等工具的音色文件。按内容识别格式，"
        "不会执行文件中的任何代码。",
    ),
    "exchange.drop": Words("Drop the files to import their voices", "松开即可导入音色文件"),
    "exchange.paste": Words("Or paste a code of ChatTTS", "或粘贴 ChatTTS 音色码"),
    "exchange.pasted": Words("Pasted voice", "粘贴的音色"),
    "exchange.prefer": Words("Where a voice is here already", "音色已存在时"),
    "exchange.prefer.here": Words("fill in what is not known here", "只补充缺少的信息"),
    "exchange.prefer.file": Words("take the facts of the file", "以文件中的信息为准"),
    "exchange.prefer.skip": Words("leave it as it is", "保持不变"),
    "exchange.pack": Words("Add {n} {n:voice|voices}", "添加 {n} 个音色"),
    "exchange.sending": Words("Sending {name} …", "正在上传 {name} …"),
    "exchange.report": Words("Imported voices", "导入结果"),
    "exchange.more": Words("and {n} more", "另有 {n} 个"),
    "exchange.undo": Words("Undo the whole import", "撤销整个导入"),
    "exchange.undone": Words("{n} {n:voice|voices} taken out again.", "已移除 {n} 个音色。"),
    "exchange.restored": Words("{n} {n:has its|have their} own facts again.", "{n} 个音色的信息已恢复原样。"),
    "exchange.touched": Words(
        "On {n} of them stays what was changed by hand since.", "其中 {n} 个保留了导入之后手动修改的内容。"
    ),
    "exchange.export": Words("Export", "导出"),
    "exchange.filename": Words("{n} {n:voice|voices}", "{n}个音色"),
    "exchange.select": Words("Select", "多选"),
    "exchange.selectone": Words("Select {name}", "选择 {name}"),
    "exchange.chosen": Words("{n} selected", "已选 {n} 个"),
    "exchange.all": Words("Select all {n}", "全选 {n} 个"),
    "exchange.tag": Words("Tag", "标签"),
    "exchange.tag.add": Words("Add tags", "添加标签"),
    "exchange.tag.remove": Words("Remove tags", "移除标签"),
    "exchange.rate": Words("Rate", "评分"),
    "exchange.changed": Words("{n} {n:voice|voices} changed.", "已修改 {n} 个音色。"),
    "exchange.inuse": Words("{n:This voice is|Some of these voices are} in use", "这 {n} 个音色中有正在使用的"),
    "exchange.deleted": Words("{n} {n:voice was|voices were} deleted.", "已删除 {n} 个音色。"),
    "exchange.done": Words("Done", "完成"),
}
