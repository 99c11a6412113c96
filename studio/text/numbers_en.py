"""English numbers as they are spoken: dates, years, money, times, telephones, units and all the rest.

A row of passes over the text, the particular before the general; what one has put into words has no digits left for the
next. Plain cardinals are ours (a thousand times faster than a transducer); units, fractions and sums go through wetext.
"""

# The tables below have one rule or entry group a line, however long it is.
# ruff: noqa: E501, SIM905

import re
from collections.abc import Callable
from functools import lru_cache

from studio.text.wfst import spoken

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
MONTHS = "January February March April May June July August September October November December".split()
IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
COINS = {  # sign: singular, plural, hundredth, hundredths
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("US dollar", "US dollars", "cent", "cents"),
    "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "￥": ("yuan", "yuan", "", ""),
    "₩": ("won", "won", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "CNY": ("yuan", "yuan", "", ""),
    "RMB": ("yuan", "yuan", "", ""),
    "JPY": ("yen", "yen", "", ""),
}
LARGE = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion"}
UNITS = {  # what wetext does not know or takes for something else
    "m": ("meter", "meters"), "g": ("gram", "grams"), "L": ("liter", "liters"), "l": ("liter", "liters"),
    "V": ("volt", "volts"), "W": ("watt", "watts"), "kWh": ("kilowatt hour", "kilowatt hours"), "dB": ("decibel", "decibels"),
    "kHz": ("kilohertz", "kilohertz"), "m/s": ("meter per second", "meters per second"), "mAh": ("milliampere hour", "milliampere hours"),
    "gal": ("gallon", "gallons"), "kPa": ("kilopascal", "kilopascals"), "cc": ("cc", "cc"), "sq ft": ("square foot", "square feet"), "cu ft": ("cubic foot", "cubic feet"),
    "kcal": ("kilocalorie", "kilocalories"), "cal": ("calorie", "calories"), "lbs": ("pound", "pounds"), "hrs": ("hour", "hours"),
    "hr": ("hour", "hours"), "mins": ("minute", "minutes"), "sec": ("second", "seconds"), "secs": ("second", "seconds"),
    "KB": ("kilobyte", "kilobytes"), "kbps": ("kilobit per second", "kilobits per second"), "fps": ("frame per second", "frames per second"),
    "km/h": ("kilometer per hour", "kilometers per hour"), "°": ("degree", "degrees"), "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"), "℃": ("degree Celsius", "degrees Celsius"), "℉": ("degree Fahrenheit", "degrees Fahrenheit"),
    "m²": ("square meter", "square meters"), "m³": ("cubic meter", "cubic meters"), "mg/dL": ("milligram per deciliter", "milligrams per deciliter"),
    "dpi": ("dot per inch", "dots per inch"), "px": ("pixel", "pixels"), "h": ("hour", "hours"),
}  # fmt: skip
WETEXT_UNITS = (
    "km² kg km cm mm nm mg mph mi ft lb oz yd ha min ms s GHz MHz Hz GB MB TB PB Mbps Gbps kW mA ml mL rpm km/s".split()
)

_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
_MONTH = r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"


def cardinal(number: int) -> str:
    """`1234` → “one thousand two hundred thirty four”."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f" {ONES[number % 10]}" if number % 10 else "")
    for size, name in SCALES:
        if number >= size:
            rest = number % size
            return f"{cardinal(number // size)} {name}" + (f" {cardinal(rest)}" if rest else "")
    raise AssertionError("unreachable")


def ordinal(number: int) -> str:
    """`21` → “twenty first”."""
    *front, last = cardinal(number).split(" ")
    regular = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    last = IRREGULAR.get(last, regular)
    return " ".join([*front, last])


def digits(text: str) -> str:
    """One digit after the other; everything else is left out."""
    return " ".join(ONES[int(character)] for character in text if character in "0123456789")


def year(number: int) -> str:
    """`1984` → “nineteen eighty four”, `2005` → “two thousand five”, `1900` → “nineteen hundred”."""
    high, low = divmod(number, 100)
    if not 1000 <= number <= 9999 or (high % 10 == 0 and low < 10):
        return cardinal(number)
    if low == 0:
        return f"{cardinal(high)} hundred"
    return f"{cardinal(high)} {'oh ' if low < 10 else ''}{cardinal(low)}"


@lru_cache(maxsize=4096)
def number_words(written: str) -> str:
    """Any plain number: `1,000`, `3.14`, `.5`, `007`; what is too long for words goes digit by digit."""
    whole, point, part = written.replace(",", "").partition(".")
    if len(whole) > 15 or (len(whole) > 1 and whole[0] == "0") or (len(whole) > 9 and "," not in written):
        words = digits(whole)
    else:
        words = cardinal(int(whole)) if whole else "zero"
    return f"{words} point {digits(part)}" if point and part else words


_GLYPHS = {
    "½": "one half",
    "⅓": "one third",
    "⅔": "two thirds",
    "¼": "one quarter",
    "¾": "three quarters",
    "⅛": "one eighth",
}


Pass = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def _signed(text: str) -> str:
    return f"minus {number_words(text[1:])}" if text[:1] in ("-", "−") else number_words(text)


def _month(name: str) -> str:
    return next(month for month in MONTHS if month.startswith(name.rstrip(".")[:3]))


def _calendar(year_: str, month: str, day: str) -> str | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{MONTHS[int(month) - 1]} {ordinal(int(day))}, {year(int(year_))}"


def _iso_date(match: re.Match[str]) -> str:
    words = _calendar(match[1], match[3], match[4])
    return match[0] if words is None else words + (", " if match[5] else "")


def _slash_date(match: re.Match[str]) -> str:
    first, second, last = match[1], match[2], match[3]
    last = f"20{last}" if len(last) == 2 and int(last) < 50 else f"19{last}" if len(last) == 2 else last
    return _calendar(last, first, second) or _calendar(last, second, first) or match[0]


def _slash_day(match: re.Match[str]) -> str:
    """“before 31/12”: month and day in either order, the month first where both would do."""
    month, day = int(match[2]), int(match[3])
    if month > 12:
        month, day = day, month
    return f"{match[1]}{MONTHS[month - 1]} {ordinal(day)}" if 1 <= month <= 12 and 1 <= day <= 31 else match[0]


def _month_day(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match[0]
    through = f" to {ordinal(int(match['through']))}" if match["through"] else ""
    after = f", {year(int(match['year']))}" if match["year"] else ""
    return f"{_month(match['month'])} {ordinal(int(match['day']))}{through}{after}"


def _day_month(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match[0]
    after = f", {year(int(match['year']))}" if match["year"] else ""
    article = match["the"] or "the "
    return f"{article}{ordinal(int(match['day']))} of {_month(match['month'])}{after}"


def _month_year(match: re.Match[str]) -> str:
    return f"{_month(match['month'])} {year(int(match['year']))}"


def _phone(match: re.Match[str]) -> str:
    groups = re.findall("[0-9]+", match[0])
    words = [cardinal(int(group)) if group in ("800", "900") else digits(group) for group in groups]
    return ("plus " if match[0].startswith("+") else "") + ", ".join(words)


def _money(match: re.Match[str]) -> str:
    sign, amount, large = match["sign"] or match["code"], match["amount"] or match["amount2"], match["large"]
    one, many, cent, cents = COINS[sign]
    minus = "minus " if match["minus"] else ""
    if large:
        word = LARGE.get(large.strip().lower(), large.strip().lower())
        return f"{minus}{number_words(amount)} {word} {many}"
    whole, _, part = amount.replace(",", "").partition(".")
    if not cent or len(part) not in (0, 2):
        return f"{minus}{number_words(amount)} {one if amount == '1' else many}"
    major = f"{number_words(whole)} {one if whole == '1' else many}" if int(whole or 0) or not int(part or 0) else ""
    minor = f"{cardinal(int(part))} {cent if int(part) == 1 else cents}" if part and int(part) else ""
    return minus + " and ".join(filter(None, (major, minor)))


def _clock(match: re.Match[str]) -> str:
    hour, minute, second = int(match["hour"]), int(match["minute"]), match["second"]
    half = match["half"]
    if hour > 24 or minute > 59 or (second and int(second) > 59):
        return f"{cardinal(hour)} to {cardinal(minute)}"
    if minute:
        words = f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif second:
        words = f"{cardinal(hour)} zero"
    else:
        words = (
            cardinal(hour) if half else f"{cardinal(hour)} o'clock" if 0 < hour <= 12 else f"{cardinal(hour)} hundred"
        )
    words += f" and {cardinal(int(second))} seconds" if second and int(second) else ""
    return f"{words} {_half(match)}" if half else words


def _half(match: re.Match[str]) -> str:
    """AM or PM; the abbreviation's last point stays where it also ends the sentence."""
    letters = match["half"].upper().replace(".", "")
    rest = match.string[match.end() :]
    ends = match["half"].endswith(".") and (not rest.strip() or re.match(r"[\"”’)]*\s+[\"“‘(]?[A-Z]", rest))
    return letters + ("." if ends else "")


def _hour(match: re.Match[str]) -> str:
    return f"{cardinal(int(match['hour']))} {_half(match)}" if int(match["hour"]) <= 12 else match[0]


def _unit(match: re.Match[str]) -> str:
    number, name = match["number"], match["unit"]
    low = f"{_signed(match['low'])} to " if match["low"] else ""
    plain = number.replace(",", "").lstrip("-−")
    if name not in UNITS and (words := spoken(f"{plain} {name}", "en")):
        unit = words.removeprefix(spoken(plain, "en") or "").strip()
    else:
        unit = UNITS[name][plain != "1"] if name in UNITS else name
    return f"{low}{_signed(number)} {unit}"


def _percent(match: re.Match[str]) -> str:
    low = f"{_signed(match['low'])} to " if match["low"] else ""
    return f"{low}{_signed(match['number'])} percent"


def _decade(match: re.Match[str]) -> str:
    century, tens = match[1], int(match[2][0])
    name = TENS[tens][:-1] + "ies" if tens > 1 else ("hundreds", "tens")[tens]
    if not century:
        return name if tens > 1 else match[0]
    if tens == 0:
        return "two thousands" if century == "20" else f"{cardinal(int(century))} hundreds"
    return f"{cardinal(int(century))} {name}"


def _fraction(match: re.Match[str]) -> str:
    whole, top, bottom = match["whole"], match["top"], match["bottom"]
    if match[0] in ("24/7", "50/50", "9/11"):
        return f"{cardinal(int(top))} {cardinal(int(bottom))}"
    if bottom in ("10", "100") and not whole and int(top) > 1:
        return f"{cardinal(int(top))} out of {cardinal(int(bottom))}"
    proper = int(top) < int(bottom) <= 100
    if proper and (words := spoken(f"{top}/{bottom}", "en")):
        words = {"one half": "a half", "one quarter": "a quarter"}.get(words, words) if whole else words
        return f"{cardinal(int(whole))} and {words}" if whole else words
    prefix = f"{cardinal(int(whole))} " if whole else ""
    return f"{prefix}{number_words(top)} over {number_words(bottom)}"


def _years(match: re.Match[str]) -> str:
    first, last = match[1], match[2]
    return f"{year(int(first))} to {year(int(last)) if len(last) == 4 else cardinal(int(last))}"


def _range(match: re.Match[str]) -> str:
    return f"{number_words(match[1])} to {number_words(match[2])}"


def _dotted(match: re.Match[str]) -> str:
    parts = match[2].split(".")
    address = len(parts) == 4 and all(int(part) < 256 for part in parts)
    words = (" dot " if address else " point ").join(digits(p) if address else number_words(p) for p in parts)
    return ("version " if match[1] else "") + words


def _code(match: re.Match[str]) -> str:
    letters, number = match[1], match[2]
    words = digits(number) if len(number) > 2 or number[0] == "0" else cardinal(int(number))
    return f"{letters} {words}" + (" " if match.string[match.end() : match.end() + 1].isalpha() else "")


def _sum(match: re.Match[str]) -> str:
    words = spoken(re.sub(r"\s*([+*×÷=/-])\s*", r" \1 ", match[0]).replace("×", "*").replace("÷", "/"), "en")
    return match[0] if words is None else words.replace("divided ", "divided by ")


def _feet(match: re.Match[str]) -> str:
    inches = f" {cardinal(int(match[2]))}" if match[2] else ""
    return f"{cardinal(int(match[1]))} {'foot' if match[1] == '1' else 'feet'}{inches}"


def _last(match: re.Match[str]) -> str:
    """A number that nothing else explains, apart from letters it touches: `3D`, `mp4`."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    words = number_words(match[0])
    return (" " if match.start() and before.isalpha() else "") + words + (" " if after.isalpha() else "")


_PLACES = {"No": "number", "Nos": "numbers", "p": "page", "pp": "pages", "Vol": "volume", "Fig": "figure", "Ch": "chapter", "Sec": "section", "Ed": "edition", "vol": "volume", "fig": "figure", "ch": "chapter", "sec": "section", "no": "number"}  # fmt: skip


def _place(match: re.Match[str]) -> str:
    word = _PLACES[match[1]]
    return (word.capitalize() if match[1][0].isupper() else word) + " "


_UNIT_NAMES = "|".join(re.escape(name) for name in sorted({*UNITS, *WETEXT_UNITS}, key=len, reverse=True))
_LEFT = r"(?<![\w.,])"  # not inside a word or a longer number
_RIGHT = r"(?![\w]|[.,][0-9])"
_DASH = r"\s?[-–—~]\s?"

PASSES: tuple[Pass, ...] = tuple(
    (re.compile(expression), handler)
    for expression, handler in (
        (rf"{_LEFT}(v|V|ver\.? )?([0-9]+(?:\.[0-9]+){{2,}}){_RIGHT}", _dotted),
        (rf"{_LEFT}([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}})(?:(T)(?=[0-9])|{_RIGHT})", _iso_date),
        (rf"{_LEFT}([0-9]{{1,2}})/([0-9]{{1,2}})/([0-9]{{4}}|[0-9]{{2}}){_RIGHT}", _slash_date),
        (rf"\b{_MONTH} (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:{_DASH}(?P<through>[0-9]{{1,2}})(?:st|nd|rd|th)?)?(?![0-9:%]|[.,][0-9])(?:,? (?P<year>[0-9]{{4}})\b)?", _month_day),
        (rf"\b(?P<the>[Tt]he )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? (?P<year>[0-9]{{4}})\b)?", _day_month),
        (rf"\b{_MONTH},? (?P<year>1[0-9]{{3}}|20[0-9]{{2}})\b(?![,.][0-9])", _month_year),
        (r"\+[0-9]{1,3}[ -]\(?[0-9]{1,4}\)?(?:[ -][0-9]{2,4}){1,4}\b|\(\d{3}\) ?[0-9]{3}-[0-9]{4}\b|(?<![\w-])(?:1-)?[0-9]{3}[-.][0-9]{3}[-.][0-9]{4}\b", _phone),
        (r"(?:(?<=call )|(?<=dial )|(?<=phone )|(?<=[Tt]el )|(?<=[Tt]el\. )|(?<=[Tt]el: )|(?<=Call )|(?<=Dial )|(?<=number )|(?<=[Pp]hone: )|(?<=at )(?=555))[0-9]{3}[- ][0-9]{4}\b", _phone),
        (r"(?<=ISBN )[0-9][0-9-]{8,}[0-9X]\b|(?:(?<=zip )|(?<=ZIP )|(?<=code )|(?<=PIN )|(?<=pin )|(?<=ext\. ))[0-9]{3,}\b", lambda m: digits(m[0]) + (" X" if m[0].endswith("X") else "")),
        (rf"(?P<minus>[-−])?(?:(?P<sign>US\$|HK\$|[$£€¥￥₩₹]) ?(?P<amount>{_NUMBER})(?P<large> ?(?:[Tt]housand|[Mm]illion|[Bb]illion|[Tt]rillion)\b|(?:bn|[kKmMB])\b)?|(?P<code>(?!))(?P<amount2>(?!)))", _money),
        (rf"(?P<minus>(?!)x)?(?P<sign>(?!))?{_LEFT}(?P<amount>{_NUMBER})(?P<large> (?:[Mm]illion|[Bb]illion))? ?(?P<code>USD|EUR|GBP|CNY|RMB|JPY)(?P<amount2>(?!))?\b", _money),
        (rf"{_LEFT}(?:(?P<low>{_NUMBER})%?{_DASH})?(?P<number>[-−]?(?:{_NUMBER})) ?%", _percent),
        (r"(?<=[0-9apAPmM.]) ?[-–—~] ?(?=[0-9]{1,2}(?::[0-9]{2}| ?[AaPp]\.?[Mm]\b))", lambda m: " to "),
        (r"(?<![\w:.])(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?(?: ?(?P<half>[AaPp]\.[Mm]\.|[AaPp][Mm]\b))?(?![0-9:])", _clock),
        (r"(?<![\w:.,])(?P<hour>[0-9]{1,2}) ?(?P<half>[AaPp]\.[Mm]\.|[AaPp][Mm]\b)", _hour),
        (r"(?<![\w:])([0-9]{1,4}) ?: ?([0-9]{1,5})(?![\w:])", lambda m: f"{cardinal(int(m[1]))} to {cardinal(int(m[2]))}"),
        (r"(?<![\w'’])[’']?\b(1[0-9]|20)?([0-9]0)[’']?s\b", _decade),
        (rf"{_LEFT}(?<!-)(?:(?P<low>[-−]?(?:{_NUMBER})){_DASH})?(?P<number>[-−]?(?:{_NUMBER}))[ -]?(?P<unit>{_UNIT_NAMES})(?![\w²³/°])", _unit),
        (r"""(?<![\w.])([0-9])['’′] ?([0-9]{1,2})(?:["”″]|'')""", _feet),
        (rf"{_LEFT}([0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]+)(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1].replace(",", "")))),
        (r"(?<![\w/.,])[0-9]+(?:\.[0-9]+)?(?: ?[+*×÷=] ?[0-9]+(?:\.[0-9]+)?)+(?![\w/])|(?<![\w/.,])[0-9]+(?: ?[-+*/×÷] ?[0-9]+)+ ?= ?[0-9]+(?![\w/])", _sum),
        (r"\b((?:[Oo]n|[Bb]y|[Bb]efore|[Ss]ince|[Uu]ntil|[Aa]fter|[Ff]rom|[Dd]ated) )([0-9]{1,2})/([0-9]{1,2})(?![\w/])", _slash_day),
        (r"(?<![\w/.,])(?:(?P<whole>[0-9]{1,4}) )?(?P<top>[0-9]{1,4})/(?P<bottom>[0-9]{1,4})(?![\w/])", _fraction),
        (r"(?<=[0-9])([½⅓⅔¼¾⅛])", lambda m: " and " + _GLYPHS[m[1]].replace("one half", "a half").replace("one quarter", "a quarter")),
        (r"[½⅓⅔¼¾⅛]", lambda m: _GLYPHS[m[0]]),
        (rf"{_LEFT}(?<!-)(1[0-9]{{3}}|20[0-9]{{2}}){_DASH}((?:1[0-9]|20)?[0-9]{{2}}){_RIGHT}(?!-)", _years),
        (r"\b(Nos?|pp?|Vol|Fig|Ch|Sec|Ed|vol|fig|ch|sec|no)\. ?(?=[0-9])", _place),
        (r"#(?=[0-9])", lambda m: "number "),
        (r"§ ?(?=[0-9])", lambda m: "section "),
        (rf"{_LEFT}(?<![\w)]-)([0-9][0-9,]*(?:\.[0-9]+)?){_DASH}([0-9][0-9,]*(?:\.[0-9]+)?)(?![\w-]|[.,][0-9])", _range),
        (r"[≈~～] ?(?=[0-9])", lambda m: "about "),
        (r"± ?(?=[0-9])", lambda m: "plus or minus "),
        (r" ?(≥|>=) ?(?=[0-9])", lambda m: " at least "),
        (r" ?(≤|<=) ?(?=[0-9])", lambda m: " at most "),
        (r" ?> ?(?=[0-9])", lambda m: " more than "),
        (r" ?< ?(?=[0-9])", lambda m: " less than "),
        (r"(?<=[0-9]) ?[x×] ?(?=[0-9])", lambda m: " by "),
        (r"(?<=[0-9])\^2\b|(?<=[0-9A-Za-z])²", lambda m: " squared"),
        (r"(?<=[0-9])\^3\b|(?<=[0-9A-Za-z])³", lambda m: " cubed"),
        (r"(?<=[0-9])\^(?=[0-9])", lambda m: " to the power of "),
        (r"(?<=[\w)]) ?= ?(?=[-0-9])", lambda m: " equals "),
        (r"(?<![A-Za-z0-9])([A-Z]{1,5})-?([0-9]{1,6})(?![0-9]|[.,][0-9])", _code),
        (rf"(?:(?<=\b[Ii]n )|(?<=[Ss]ince )|(?<=year ))(10[0-9]{{2}}){_RIGHT}", lambda m: year(int(m[1]))),
        (rf"{_LEFT}(?<![A-Za-z0-9)]-)(1[1-9][0-9]{{2}}|20[0-9]{{2}}){_RIGHT}(?!,[0-9])", lambda m: year(int(m[1]))),
        (rf"(?<![\w)]){'[-−]'}(?=(?:{_NUMBER}))", lambda m: "minus "),
        (r"(?<=[0-9])\+(?!\w)", lambda m: " plus"),
        (_NUMBER, _last),
    )
)  # fmt: skip
_ANYTHING = re.compile(r"[0-9½⅓⅔¼¾⅛²³]")
_AND = re.compile(r"(?<=[\w.]) ?& ?(?=\w)")


def read_numbers(text: str) -> str:
    """`text` (English) with its numbers, dates, units and `&` in words."""
    if "&" in text:
        text = _AND.sub(" and ", text)
    if not _ANYTHING.search(text):
        return text
    for expression, handler in PASSES:
        text = expression.sub(handler, text)
        if not _ANYTHING.search(text):
            break
    return text
