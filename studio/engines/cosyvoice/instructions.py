"""Instructions that the second and third generation were trained on, as a menu in both languages."""

from dataclasses import dataclass

from studio.words import Words


@dataclass(frozen=True)
class Instruction:
    """One entry of the menu."""

    id: str
    label: Words
    text: str  # as the model is told


def _dialect(id: str, en: str, zh: str) -> Instruction:
    return Instruction(id, Words(f"{en} dialect", zh), f"请用{zh}表达。")


def _said(id: str, en: str, zh: str, text: str) -> Instruction:
    return Instruction(id, Words(en, zh), text)


MENU = (
    _dialect("cantonese", "Cantonese", "广东话"),
    _dialect("dongbei", "Northeastern", "东北话"),
    _dialect("gansu", "Gansu", "甘肃话"),
    _dialect("guizhou", "Guizhou", "贵州话"),
    _dialect("henan", "Henan", "河南话"),
    _dialect("hubei", "Hubei", "湖北话"),
    _dialect("hunan", "Hunan", "湖南话"),
    _dialect("jiangxi", "Jiangxi", "江西话"),
    _dialect("minnan", "Southern Min", "闽南话"),
    _dialect("ningxia", "Ningxia", "宁夏话"),
    _dialect("shanxi", "Shanxi", "山西话"),
    _dialect("shaanxi", "Shaanxi", "陕西话"),
    _dialect("shandong", "Shandong", "山东话"),
    _dialect("shanghai", "Shanghai", "上海话"),
    _dialect("sichuan", "Sichuan", "四川话"),
    _dialect("tianjin", "Tianjin", "天津话"),
    _dialect("yunnan", "Yunnan", "云南话"),
    _said("happy", "happy", "开心", "请非常开心地说一句话。"),
    _said("sad", "sad", "伤心", "请非常伤心地说一句话。"),
    _said("angry", "angry", "生气", "请非常生气地说一句话。"),
    _said("fast", "as fast as can be", "尽快", "请用尽可能快地语速说一句话。"),
    _said("slow", "as slow as can be", "尽慢", "请用尽可能慢地语速说一句话。"),
    _said("loud", "loud", "大声", "请大声一点说一句话。"),
    _said("soft", "soft", "小声", "请小声一点说一句话。"),
    _said("peppa", "a cartoon pig", "小猪佩奇", "我想体验一下小猪佩奇风格，可以吗？"),
    _said("robot", "a robot", "机器人", "你可以尝试用机器人的方式解答吗？"),
)
TEXTS = {one.id: one.text for one in MENU}
