"""The words of how models are loaded, and of what their weights hold."""

from studio.words import Words

TUNING_STRINGS: dict[str, Words] = {
    "tuning.title": Words("How it is loaded", "加载设置"),
    "tuning.help": Words(
        "Kept in the data folder. A change lets the model go; it is loaded in the new way when it is needed next.",
        "保存在数据文件夹中。修改后模型会被卸载，下次使用时按新设置加载。",
    ),
    "tuning.environment": Words(
        "The environment variable {name} says this, and it wins: change it there.",
        "由环境变量 {name} 指定，它优先：请在那里修改。",
    ),
    "held.back": Words("From the weights", "使用模型自带的"),
}
