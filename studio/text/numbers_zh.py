"""Chinese numbers as they are spoken, Mandarin and Cantonese alike: 两 or 二, digit by digit or as a quantity.

A row of passes over the text, the particular before the general; what one has put into words has no digits left for the
next. Quantities are ours; units, sums and the like that wetext reads well go through it.
"""

# The tables below have one rule or entry group a line, however long it is.
# ruff: noqa: E501, SIM905

import re
from collections.abc import Callable
from functools import lru_cache

from studio.text.wfst import spoken

DIGITS = "零一二三四五六七八九"
SPELLED = "零幺二三四五六七八九"  # telephone and code numbers say 幺 for 1
MEASURES = (  # words before which 2 is 两; 年 too, but not in 年级
    "个 位 天 次 种 名 只 条 张 本 件 家 间 座 栋 幢 辆 台 部 架 艘 匹 头 口 把 块 片 棵 株 朵 颗 粒 滴 杯 碗 "
    "瓶 盒 包 袋 箱 桶 壶 盘 份 套 双 对 副 群 批 组 队 行 列 层 扇 面 幅 首 曲 句 段 篇 章 页 封 场 届 轮 回 "
    "遍 趟 顿 下 声 步 人 岁 元 块钱 毛 角 分钟 小时 秒 周 星期 礼拜 个月 月份 倍 成 米 公里 千米 厘米 毫米 "
    "里 尺 寸 斤 公斤 千克 克 吨 升 毫升 亩 平 平方米 平方公里 立方米 度 点 点钟 刻 者 边 侧 旁 眼 国 省 市 "
    "县 村 车 船 所 支 枚 笔 项 门 道 起 宗 桩 例 则 番 样 类 款 集 卷 册 团 股 丝 线 根 串 束 捆 堆 摞 叠 滩 "
    "摊 床 顶 身 匙 勺 锅 针 剂 服 帖 味 桌 席 英里 英尺 英寸"
    " 個 隻 條 張 種 間 輛 臺 顆 塊 雙 對 組 隊 層 頁 場 屆 輪 聲 歲 分鐘 小時 週 禮拜 個月 噸 畝 點 點鐘 邊 國 縣 車 項 門 樣 類 筆"
).split()
LARGE = "万亿|千万|百万|十万|亿|万|千|百|萬|億"
COINS = {
    "￥": "元",
    "¥": "元",
    "$": "美元",
    "US$": "美元",
    "HK$": "港元",
    "€": "欧元",
    "£": "英镑",
    "₩": "韩元",
    "₹": "卢比",
}
UNITS = {  # what wetext does not know or reads differently
    "kg": "公斤", "KG": "公斤", "g": "克", "t": "吨", "mL": "毫升", "ml": "毫升", "L": "升", "m": "米", "cm": "厘米", "mm": "毫米",
    "km": "公里", "KM": "公里", "m²": "平方米", "㎡": "平方米", "km²": "平方公里", "m³": "立方米", "V": "伏", "W": "瓦", "kWh": "千瓦时",
    "Hz": "赫兹", "kHz": "千赫", "MHz": "兆赫", "GHz": "吉赫", "mA": "毫安", "mAh": "毫安时", "dB": "分贝", "kPa": "千帕", "Mbps": "兆每秒",
    "cal": "卡", "′": "分", "″": "秒", "°": "度", "㎏": "公斤", "㎝": "厘米", "㎜": "毫米", "h": "小时", "s": "秒", "min": "分钟",
    "km/h": "公里每小时", "m/s": "米每秒",
}  # fmt: skip
WETEXT_UNITS = (
    "公里/小时 千米/小时 元/斤 元/公斤 元/吨 元/月 元/天 元/平方米 mg dm nm lb oz ft kcal ms rpm mol ha kW".split()
)

_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"


def spell(text: str, digits: str = SPELLED) -> str:
    """One digit after the other: `138` → 幺三八. Everything else is left out."""
    return "".join(digits[int(character)] for character in text if character in "0123456789")


def cardinal(number: int) -> str:
    """`10010` → 一万零一十; 二 throughout (see `quantity`)."""
    if number < 10:
        return DIGITS[number]
    if number < 20:
        return "十" + (DIGITS[number % 10] if number % 10 else "")
    return _large(number)


def _large(number: int) -> str:
    for size, name in ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if number >= size:
            high, rest = divmod(number, size)
            front = cardinal(high) if size > 1000 else DIGITS[high]
            gap = "零" if 0 < rest < size // 10 else ""
            return front + name + gap + (_large(rest) if rest else "")
    return DIGITS[number]


def quantity(number: int) -> str:
    """As `cardinal`, with 两 at the front of the large ones: `200` → 两百, `2000` → 两千, `20000` → 两万."""
    words = cardinal(number)
    return "两" + words[1:] if re.match("二[百千万亿]", words) else words


@lru_cache(maxsize=4096)
def number_words(written: str) -> str:
    """Any plain number: `1,000`, `3.14`, `007`; what is too long for words goes digit by digit."""
    whole, _, part = written.replace(",", "").partition(".")
    if len(whole) > 13 or (len(whole) > 1 and whole[0] == "0"):
        words = spell(whole)
    else:
        words = quantity(int(whole)) if not part else cardinal(int(whole))
    return f"{words}点{spell(part, DIGITS)}" if part else words


_GLYPHS = {"½": "二分之一", "⅓": "三分之一", "⅔": "三分之二", "¼": "四分之一", "¾": "四分之三", "⅛": "八分之一"}


Pass = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def _signed(text: str) -> str:
    return "负" + number_words(text[1:]) if text[:1] in ("-", "−") else number_words(text)


def _counted(text: str) -> str:
    """A number before a measure word: a lone 2 is 两."""
    return "两" if text == "2" else _signed(text)


def _date(match: re.Match[str]) -> str:
    month, day = int(match[3]), int(match[4])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{spell(match[1], DIGITS)}年{cardinal(month)}月{cardinal(day)}日" + ("，" if match[5] else "")


def _year(match: re.Match[str]) -> str:
    number, after = match[1], match[2]
    if len(number) == 4 and int(number) % 1000 == 0 and re.match("前|来|多|的?历史|以[前来上]|之久", after):
        return number_words(number) + "年"
    if (len(number) == 4 and 1000 <= int(number) < 2200) or (
        len(number) == 2 and int(number) > 48 and not after.startswith(("前", "来", "的", "后"))
    ):
        return spell(number, DIGITS) + "年"
    return _counted(number) + "年"


def _years(match: re.Match[str]) -> str:
    return f"{spell(match[1], DIGITS)}{match[2] or ''}到{spell(match[3], DIGITS)}年"


def _decade(match: re.Match[str]) -> str:
    return (spell(match[1], DIGITS) if len(match[1]) == 4 else cardinal(int(match[1]))) + "年代"


def _month_day(match: re.Match[str]) -> str:
    return cardinal(int(match[1])) + match[2]


def _money(match: re.Match[str]) -> str:
    amount, large = match["amount"].replace(",", ""), match["large"] or ""
    amount = amount.rstrip("0").rstrip(".") if "." in amount else amount
    minus = "负" if match["minus"] else ""
    name = COINS[match["sign"]]
    low = f"{number_words(match['low'])}到" if match["low"] else ""
    return f"{minus}{low}{_counted(amount)}{large}{name}"


def _percent(match: re.Match[str]) -> str:
    base = "百分之" if match["sign"] == "%" else "千分之"
    parts = [
        base + ("百" if n == "100" and base == "百分之" else _signed(n)) for n in (match["low"], match["number"]) if n
    ]
    return "到".join(parts)


def _clock(match: re.Match[str]) -> str:
    hour, minute, second = int(match[1]), int(match[2]), match[3]
    if hour > 24 or minute > 59 or (second and int(second) > 59):
        return "比".join(number_words(part) for part in filter(None, match.groups()))
    words = ("两" if hour == 2 else cardinal(hour)) + "点"
    if minute or second:
        words += ("零" if 0 < minute < 10 else "") + cardinal(minute) + "分"
    return words + (("零" if 0 < int(second) < 10 else "") + cardinal(int(second)) + "秒" if second else "")


def _temperature(match: re.Match[str]) -> str:
    scale = {"°F": "华氏度", "℉": "华氏度"}.get(match["scale"].replace(" ", ""), "摄氏度")

    def below(number: str) -> str:
        return ("零下" + number_words(number[1:])) if number[0] in "-−" else number_words(number)

    low = f"{below(match['low'])}到" if match["low"] else ""
    return f"{low}{below(match['number'])}{scale}"


def _unit(match: re.Match[str]) -> str:
    number, unit = match["number"], match["unit"]
    low = f"{_signed(match['low'])}到" if match["low"] else ""
    if unit in WETEXT_UNITS and not low and (words := spoken(number.replace(",", "") + unit, "zh")):
        return words
    return low + _counted(number) + UNITS.get(unit, unit)


def _fraction(match: re.Match[str]) -> str:
    whole, top, bottom = match["whole"], int(match["top"]), int(match["bottom"])
    if not whole and (top >= bottom or bottom == 0):
        return f"{number_words(match['top'])}，{number_words(match['bottom'])}"
    words = spoken(f"{top}/{bottom}", "zh") or f"{cardinal(bottom)}分之{cardinal(top)}"
    return f"{number_words(whole)}又{words}" if whole else words


def _sum(match: re.Match[str]) -> str:
    words = spoken(re.sub(r"\s", "", match[0]).replace("x", "×").replace("*", "×"), "zh")
    return match[0] if words is None else words.replace("除", "除以")


def _dotted(match: re.Match[str]) -> str:
    first, *rest = match[1].split(".")
    spelled = [spell(part, DIGITS) for part in rest]
    return "点".join([spell(first, DIGITS) if len(rest) == 3 else number_words(first), *spelled])


def _code(match: re.Match[str]) -> str:
    number = match[2]
    return match[1] + (spell(number) if len(number) > 2 or number[0] == "0" else cardinal(int(number)))


def _range(match: re.Match[str]) -> str:
    return (
        f"{number_words(match[1])}到{_counted(match[2]) if match[3] in MEASURES else number_words(match[2])}{match[3]}"
    )


_MEASURE_NAMES = "|".join(sorted(MEASURES, key=len, reverse=True))


def _pair(match: re.Match[str]) -> str:
    """A lone 2 before a measure word; 二月, 二楼 and the like stay 二."""
    return "两" + match[1]


UNIT_NAMES = "|".join(re.escape(name) for name in sorted({*UNITS, *WETEXT_UNITS}, key=len, reverse=True))
_DASH = r"\s?[-~～–—―－]{1,2}\s?"
_LEFT = r"(?<![0-9A-Za-z.,])"
_CALLED = "電話|號碼|手機|熱線|編號|密碼|驗證碼|帳號|郵編|傳真|电话|手机|号码|热线|拨打|致电|传真|邮编|邮政编码|编号|编码|密码|验证码|尾号|账号|帐号|卡号|学号|工号|单号|订单号|QQ号?|微信号?|ISBN|身份证号?|代码|代号|车牌号?|航班号?|房号|房间号?|工单"

PASSES: tuple[Pass, ...] = tuple(
    (re.compile(expression), handler)
    for expression, handler in (
        (r"(?<![0-9])([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9-])(T(?=[0-9]))?", _date),
        (r"(?<![0-9.])v?([0-9]+(?:\.[0-9]+){2,})(?![0-9])", _dotted),
        (r"(?<=[0-9])([月日号號])?\s?[-~～–—]{1,2}\s?(?=(?:[0-9]{1,2}月)?[0-9]{1,2}[月日号號])", lambda m: (m[1] or "") + "到"),
        (r"(?<![0-9.])([0-9]{1,2})[.·]([0-9]{1,2})(?=事件|晚会|大?地震|惨案|事变|大促|购物节)", lambda m: spell(m[1]) + spell(m[2])),
        (r"(?<![0-9.])([0-9]{3,4})(?=号?房(?![间价源产屋租])|室)", lambda m: spell(m[1])),
        (r"(?:(?<=\+86 )|(?<=\+86)|(?<=\+86-))1[3-9][0-9](?:[- ]?[0-9]{4}){2}(?![0-9])|(?<![0-9.])1[3-9][0-9](?:[- ]?[0-9]{4}){2}(?![0-9])|(?<![0-9])0[0-9]{2,3}-[0-9]{7,8}(?![0-9])|(?<![0-9])[48]00-[0-9]{3,4}-[0-9]{3,4}(?![0-9])", lambda m: spell(m[0])),
        (r"\+86[- ]?(?=[幺一])", lambda m: "加八六，"),
        (rf"(?P<name>{_CALLED})(?P<link>[是为：:号 ]{{0,3}})(?P<code>[0-9](?:[- ]?[0-9]){{2,}})(?![0-9.])(?![多余]?[个万千亿元])", lambda m: m["name"] + m["link"] + spell(m["code"])),
        (r"(?<=[打拨叫])(110|119|120|122|114)(?![0-9.])|(?<![0-9.,])(110|119|120|122)(?=报警|急救|火警|指挥|电话|热线)|(?<![0-9.,])(10086|10010|10000号|12306|12315|12333|12358|95[0-9]{3})(?![0-9.,]|[多余]?[个万千亿元人名次件条本吨米])", lambda m: spell(m[0]) + ("号" if m[0].endswith("号") else "")),
        (r"(?<![0-9])([0-9]{4})(年)?(?:[-~～–—－到至]{1,2})([0-9]{4})年", _years),
        (r"(?<![0-9.,])([0-9]0|[0-9]{3}0)年代", _decade),
        (r"(?<![0-9.,])([0-9]{1,4})年(?!级)(?=(.{0,4}))", _year),
        (r"(?<![0-9.,])([0-9]{1,2})(月份?|[日号號])(?![0-9])", _month_day),
        (r"(?<![0-9.,])([0-9]{1,2})(月)(?=[0-9]{1,2}[日号號])", _month_day),
        (rf"(?P<minus>[-−])?(?P<sign>US\$|HK\$|[￥¥$€£₩₹]) ?(?:(?P<low>{_NUMBER}){_DASH})?(?P<amount>{_NUMBER})(?P<large>{LARGE})?(?:美元|人民币|元|块)?", _money),
        (rf"(?P<low>[-−]?(?:{_NUMBER}))(?=[%‰]?(?:{_DASH}|到|至))(?:[%‰])?(?:{_DASH}|到|至)(?P<number>[-−]?(?:{_NUMBER})) ?(?P<sign>[%‰])", _percent),
        (rf"(?P<low>(?!))?(?:(?<![0-9A-Za-z])[-−])?(?<![0-9.,])(?P<number>{_NUMBER}) ?(?P<sign>[%‰])", lambda m: _percent(m).replace("百分之", "百分之负") if m[0][0] in "-−" else _percent(m)),
        (r"(?<=[比分])[0-9]+[:：][0-9]+|(?<=比例)[是为]?[0-9]+[:：][0-9]+|(?<=以)[0-9]+[:：][0-9]+", lambda m: "比".join(number_words(p) for p in re.findall("[0-9]+", m[0]))),
        (rf"(?<=[0-9]){_DASH}(?=[0-9]{{1,2}}[:：][0-9]{{2}})", lambda m: "到"),
        (r"(?<![0-9.:：])([0-9]{1,2})[:：]([0-9]{2})(?:[:：]([0-9]{2}))?(?![0-9:：])", _clock),
        (r"(?<![0-9.])([0-9]{1,6})[:：]([0-9]{1,6})(?![0-9])", lambda m: f"{number_words(m[1])}比{number_words(m[2])}"),
        (rf"(?:(?P<low>(?:(?<![0-9A-Za-z])[-−])?(?:{_NUMBER}))(?:℃|°C)?(?:{_DASH}|到|至))?(?P<number>(?:(?<![0-9A-Za-z])[-−])?(?<![0-9.,])(?:{_NUMBER})) ?(?P<scale>℃|℉|° ?C\b|° ?F\b)", _temperature),
        (rf"(?:(?P<low>{_NUMBER}){_DASH})?(?P<number>(?:(?<![0-9A-Za-z])[-−])?(?<![0-9A-Za-z.,])(?:{_NUMBER})) ?(?P<unit>{UNIT_NAMES})(?![A-Za-z²³/])", _unit),
        (r"第 ?([0-9]{1,3})[/、]([0-9]{1,3})(?![0-9/.])", lambda m: f"第{cardinal(int(m[1]))}、{cardinal(int(m[2]))}"),
        (r"(?<![0-9/.A-Za-z])(?:(?P<whole>[0-9]{1,4})又)?(?P<top>[0-9]{1,4})/(?P<bottom>[0-9]{1,4})(?![0-9/.])", _fraction),
        (r"(?<![0-9A-Za-z/.,])[0-9.]+(?:\s?[-+×÷xX*]\s?[0-9.]+)+\s?=\s?[0-9.]+(?![0-9A-Za-z])|(?<![0-9A-Za-z/.,])[0-9]+(?:\s?[+×÷]\s?[0-9]+)+(?![0-9A-Za-z.])", _sum),
        (r"([½⅓⅔¼¾⅛])", lambda m: _GLYPHS[m[1]]),
        (rf"{_LEFT}([0-9][0-9,]*(?:\.[0-9]+)?){_DASH}([0-9][0-9,]*(?:\.[0-9]+)?)(?![0-9A-Za-z]|[-,.][0-9])({_MEASURE_NAMES}|)", _range),
        (r"[≈~～约] ?(?=[0-9])", lambda m: "约"),
        (r"± ?(?=[0-9])", lambda m: "正负"),
        (r" ?(?:≥|>=) ?(?=[0-9])", lambda m: "大于等于"),
        (r" ?(?:≤|<=) ?(?=[0-9])", lambda m: "小于等于"),
        (r" ?[>＞] ?(?=[0-9])", lambda m: "大于"),
        (r" ?[<＜] ?(?=[0-9])", lambda m: "小于"),
        (r"(?<=[0-9]) ?[×xX*] ?(?=[0-9])", lambda m: "乘"),
        (r"(?<=[0-9A-Za-z])(?:\^2(?![0-9])|²)", lambda m: "的平方"),
        (r"(?<=[0-9A-Za-z])(?:\^3(?![0-9])|³)", lambda m: "的立方"),
        (r"(?<=[0-9])\^([0-9]+)", lambda m: f"的{cardinal(int(m[1]))}次方"),
        (r"(?<=[\w)）]) ?= ?(?=-?[0-9])", lambda m: "等于"),
        (r"(?<=0)\+(?![0-9A-Za-z])", lambda m: "多"),
        (r"(?<=[0-9])\+(?![0-9A-Za-z])", lambda m: "以上"),
        (r"[#＃](?=[0-9])", lambda m: "第"),
        (r"(?<![A-Za-z0-9])([A-Z]{1,5}|[A-Z]+[a-z]*)-?([0-9]{1,8})(?![0-9]|\.[0-9])", _code),
        (r"第 ?([0-9]+)(?: (?=[\u4e00-\u9fff]))?", lambda m: "第" + (cardinal(int(m[1])) if len(m[1]) < 13 else spell(m[1]))),
        (rf"(?<![0-9.,A-Za-z第]) ?2 ?((?:{_MEASURE_NAMES}|{LARGE}))", _pair),
        (rf"(?<![\w)）])[-−](?=(?:{_NUMBER}))", lambda m: "负"),
        (_NUMBER, lambda m: number_words(m[0])),
    )
)  # fmt: skip
_ANYTHING = re.compile("[0-9½⅓⅔¼¾⅛²³]")


def read_numbers(text: str) -> str:
    """`text` (Chinese) with its numbers, dates, units and sums in words."""
    if not _ANYTHING.search(text):
        return text
    for expression, handler in PASSES:
        text = expression.sub(handler, text)
        if not _ANYTHING.search(text):
            break
    return text
