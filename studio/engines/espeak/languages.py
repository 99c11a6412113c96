"""The languages that eSpeak NG 1.52 reads, and which of its files reads a language tag.

A table, so that listing them costs nothing; `tests/engines/espeak/test_languages.py` holds it against the library's
own files. Four of those are left out: their dictionaries are missing, so they say nothing.
"""

from dataclasses import dataclass
from functools import cache

from studio.words import Words

# tag (BCP 47) | file below lang/ | English | Chinese. The first of a language is what its bare tag means.
TABLE = """
en-US | gmw/en-US | English (America) | 英语（美国）
zh | sit/cmn | Chinese (Mandarin) | 汉语（普通话）
yue | sit/yue | Chinese (Cantonese) | 汉语（粤语）
ja | jpx/ja | Japanese | 日语
ko | ko | Korean | 韩语
es-ES | roa/es | Spanish (Spain) | 西班牙语（西班牙）
fr-FR | roa/fr | French (France) | 法语（法国）
de | gmw/de | German | 德语
it | roa/it | Italian | 意大利语
pt-BR | roa/pt-BR | Portuguese (Brazil) | 葡萄牙语（巴西）
ru | zle/ru | Russian | 俄语
nl | gmw/nl | Dutch | 荷兰语
pl | zlw/pl | Polish | 波兰语
tr | trk/tr | Turkish | 土耳其语
vi | aav/vi | Vietnamese (Northern) | 越南语（北部）
id | poz/id | Indonesian | 印度尼西亚语
ar | sem/ar | Arabic | 阿拉伯语
hi | inc/hi | Hindi | 印地语
th | tai/th | Thai | 泰语
uk | zle/uk | Ukrainian | 乌克兰语
cs | zlw/cs | Czech | 捷克语
sv | gmq/sv | Swedish | 瑞典语
da | gmq/da | Danish | 丹麦语
nb | gmq/nb | Norwegian Bokmål | 挪威语（书面）
fi | urj/fi | Finnish | 芬兰语
el | grk/el | Greek | 希腊语
hu | urj/hu | Hungarian | 匈牙利语
ro | roa/ro | Romanian | 罗马尼亚语
he | sem/he | Hebrew | 希伯来语
fa | ira/fa | Persian | 波斯语
af | gmw/af | Afrikaans | 南非荷兰语
am | sem/am | Amharic | 阿姆哈拉语
an | roa/an | Aragonese | 阿拉贡语
as | inc/as | Assamese | 阿萨姆语
az | trk/az | Azerbaijani | 阿塞拜疆语
ba | trk/ba | Bashkir | 巴什基尔语
be | zle/be | Belarusian | 白俄罗斯语
bg | zls/bg | Bulgarian | 保加利亚语
bn | inc/bn | Bengali | 孟加拉语
bpy | inc/bpy | Bishnupriya Manipuri | 比什努普里亚语
bs | zls/bs | Bosnian | 波斯尼亚语
ca | roa/ca | Catalan | 加泰罗尼亚语
ca-ES-x-balear | roa/ca-ba | Catalan (Balearic) | 加泰罗尼亚语（巴利阿里）
ca-ES-x-nord | roa/ca-nw | Catalan (North-western) | 加泰罗尼亚语（西北）
ca-ES-valencia | roa/ca-va | Catalan (Valencian) | 加泰罗尼亚语（巴伦西亚）
cv | trk/cv | Chuvash | 楚瓦什语
cy | cel/cy | Welsh | 威尔士语
en-GB | gmw/en | English (Great Britain) | 英语（英国）
en-GB-x-rp | gmw/en-GB-x-rp | English (Received Pronunciation) | 英语（标准英音）
en-GB-scotland | gmw/en-GB-scotland | English (Scotland) | 英语（苏格兰）
en-GB-x-gbclan | gmw/en-GB-x-gbclan | English (Lancaster) | 英语（兰开斯特）
en-GB-x-gbcwmd | gmw/en-GB-x-gbcwmd | English (West Midlands) | 英语（西米德兰兹）
en-029 | gmw/en-029 | English (Caribbean) | 英语（加勒比）
en-US-x-nyc | gmw/en-US-nyc | English (New York City) | 英语（纽约）
en-Shaw | gmw/en-Shaw | English (Shavian alphabet) | 英语（萧伯纳字母）
eo | art/eo | Esperanto | 世界语
es-419 | roa/es-419 | Spanish (Latin America) | 西班牙语（拉丁美洲）
et | urj/et | Estonian | 爱沙尼亚语
eu | eu | Basque | 巴斯克语
fa-Latn | ira/fa-Latn | Persian (Latin letters) | 波斯语（拉丁字母）
fr-BE | roa/fr-BE | French (Belgium) | 法语（比利时）
fr-CH | roa/fr-CH | French (Switzerland) | 法语（瑞士）
ga | cel/ga | Irish | 爱尔兰语
gd | cel/gd | Scottish Gaelic | 苏格兰盖尔语
gn | sai/gn | Guarani | 瓜拉尼语
grc | grk/grc | Greek (Ancient) | 古希腊语
gu | inc/gu | Gujarati | 古吉拉特语
hak | sit/hak | Chinese (Hakka) | 汉语（客家话）
haw | map/haw | Hawaiian | 夏威夷语
hr | zls/hr | Croatian | 克罗地亚语
ht | roa/ht | Haitian Creole | 海地克里奥尔语
hy | ine/hy | Armenian (Eastern) | 亚美尼亚语（东部）
hyw | ine/hyw | Armenian (Western) | 亚美尼亚语（西部）
ia | art/ia | Interlingua | 国际语（Interlingua）
io | art/io | Ido | 伊多语
is | gmq/is | Icelandic | 冰岛语
jbo | art/jbo | Lojban | 逻辑语
ka | ccs/ka | Georgian | 格鲁吉亚语
kk | trk/kk | Kazakh | 哈萨克语
kl | esx/kl | Greenlandic | 格陵兰语
kn | dra/kn | Kannada | 卡纳达语
kok | inc/kok | Konkani | 孔卡尼语
ku | ira/ku | Kurdish | 库尔德语
ky | trk/ky | Kyrgyz | 吉尔吉斯语
la | itc/la | Latin | 拉丁语
lb | gmw/lb | Luxembourgish | 卢森堡语
lfn | art/lfn | Lingua Franca Nova | 新通用语
lt | bat/lt | Lithuanian | 立陶宛语
ltg | bat/ltg | Latgalian | 拉特加莱语
lv | bat/lv | Latvian | 拉脱维亚语
mi | poz/mi | Māori | 毛利语
mk | zls/mk | Macedonian | 马其顿语
ml | dra/ml | Malayalam | 马拉雅拉姆语
mr | inc/mr | Marathi | 马拉地语
ms | poz/ms | Malay | 马来语
mt | sem/mt | Maltese | 马耳他语
mto | miz/mto | Totontepec Mixe | 米黑语（托通特佩克）
my | sit/my | Burmese | 缅甸语
nci | azc/nci | Nahuatl (Classical) | 古典纳瓦特尔语
ne | inc/ne | Nepali | 尼泊尔语
nog | trk/nog | Nogai | 诺盖语
om | cus/om | Oromo | 奥罗莫语
or | inc/or | Odia | 奥里亚语
pa | inc/pa | Punjabi | 旁遮普语
pap | roa/pap | Papiamento | 帕皮阿门托语
pt-PT | roa/pt | Portuguese (Portugal) | 葡萄牙语（葡萄牙）
qu | qu | Quechua | 克丘亚语
quc | myn/quc | K'iche' | 基切语
ru-LV | zle/ru-LV | Russian (Latvia) | 俄语（拉脱维亚）
ru-x-classic | zle/ru-cl | Russian (Classic) | 俄语（古典读音）
sd | inc/sd | Sindhi | 信德语
shn | tai/shn | Shan | 掸语
si | inc/si | Sinhala | 僧伽罗语
sk | zlw/sk | Slovak | 斯洛伐克语
sl | zls/sl | Slovenian | 斯洛文尼亚语
smj | urj/smj | Lule Sámi | 吕勒萨米语
sq | ine/sq | Albanian | 阿尔巴尼亚语
sr | zls/sr | Serbian | 塞尔维亚语
sw | bnt/sw | Swahili | 斯瓦希里语
ta | dra/ta | Tamil | 泰米尔语
te | dra/te | Telugu | 泰卢固语
ti | sem/ti | Tigrinya | 提格利尼亚语
tk | trk/tk | Turkmen | 土库曼语
tn | bnt/tn | Tswana | 茨瓦纳语
tt | trk/tt | Tatar | 鞑靼语
ug | trk/ug | Uyghur | 维吾尔语
ur | inc/ur | Urdu | 乌尔都语
uz | trk/uz | Uzbek | 乌兹别克语
vi-VN-x-central | aav/vi-VN-x-central | Vietnamese (Central) | 越南语（中部）
vi-VN-x-south | aav/vi-VN-x-south | Vietnamese (Southern) | 越南语（南部）
zh-Latn-pinyin | sit/cmn-Latn-pinyin | Mandarin (Latin letters as pinyin) | 普通话（拉丁字母按拼音读）
yue-Latn-jyutping | sit/yue-Latn-jyutping | Cantonese (Latin letters as jyutping) | 粤语（拉丁字母按粤拼读）
tlh | art/piqd | Klingon | 克林贡语
qya | art/qya | Quenya | 昆雅语
sjn | art/sjn | Sindarin | 辛达林语
qdb | art/qdb | Lang Belta | 贝尔塔语
x-pyash | art/py | Pyash | 皮亚什语
"""

SAME = {"cmn": "zh", "no": "nb", "nn": "nb", "iw": "he", "in": "id", "mo": "ro", "zh-hk": "yue"}


@dataclass(frozen=True)
class Language:
    """One language or accent."""

    tag: str  # BCP 47
    file: str  # below the data folder's lang/
    label: Words

    @property
    def base(self) -> str:
        return "yue" if self.tag.startswith("yue") else self.tag.split("-")[0].lower()


@cache
def languages() -> dict[str, Language]:
    """Every language by its tag in lower case, best first."""
    table: dict[str, Language] = {}
    for line in TABLE.strip().splitlines():
        tag, file, english, chinese = (cell.strip() for cell in line.split("|"))
        table[tag.lower()] = Language(tag, file, Words(english, chinese))
    return table


@cache
def language_for(tag: str) -> Language | None:
    """What reads `tag` best: itself, or the nearest more general one (`en-AU` → `en-US`); None if there is none."""
    table = languages()
    parts = tag.replace("_", "-").lower().split("-")
    if parts[0] == "zh" and "hk" in parts:
        parts = ["yue"]
    for length in range(len(parts), 0, -1):
        name = "-".join(parts[:length])
        if name in SAME:
            return language_for("-".join([SAME[name], *parts[length:]]))
        if name in table:
            return table[name]
    return next((language for language in table.values() if language.base == parts[0]), None)
