"""Tokens that stand for themselves in a text: sounds one makes, phonemes, and the marks around an instruction.

Each generation's tokenizer was extended by these in this order, so a token's place is its id.
"""


def listed(words: str) -> tuple[str, ...]:
    """Words with blanks between them, one by one."""
    return tuple(words.split())


END_OF_PROMPT = "<|endofprompt|>"
SOUNDS = listed(
    """
    <|im_start|> <|im_end|> <|endofprompt|> [breath] <strong> </strong> [noise] [laughter] [cough] [clucking] [accent]
    [quick_breath] <laughter> </laughter> [hissing] [sigh] [vocalized-noise] [lipsmack] [mn]
    """
)
CMU = listed(
    """
    AA AA0 AA1 AA2 AE AE0 AE1 AE2 AH AH0 AH1 AH2 AO AO0 AO1 AO2 AW AW0 AW1 AW2 AY AY0 AY1 AY2 B CH D DH EH
    EH0 EH1 EH2 ER ER0 ER1 ER2 EY EY0 EY1 EY2 F G HH IH IH0 IH1 IH2 IY IY0 IY1 IY2 JH K L M N NG OW OW0 OW1
    OW2 OY OY0 OY1 OY2 P R S SH T TH UH UH0 UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH
    """
)  # ARPAbet, with stress
PINYIN = listed(
    """
    a ai an ang ao b c ch d e ei en eng f g h i ian in ing iu ià iàn iàng iào iá ián iáng iáo iè ié iòng
    ióng iù iú iā iān iāng iāo iē iě iōng iū iǎ iǎn iǎng iǎo iǒng iǔ j k l m n o ong ou p q r s sh t u uang
    ue un uo uà uài uàn uàng uá uái uán uáng uè ué uì uí uò uó uā uāi uān uāng uē uě uī uō uǎ uǎi uǎn uǎng
    uǐ uǒ vè w x y z zh à ài àn àng ào á ái án áng áo è èi èn èng èr é éi én éng ér ì ìn ìng í ín íng ò òng
    òu ó óng óu ù ùn ú ún ā āi ān āng āo ē ēi ēn ēng ě ěi ěn ěng ěr ī īn īng ō ōng ōu ū ūn ǎ ǎi ǎn ǎng ǎo ǐ
    ǐn ǐng ǒ ǒng ǒu ǔ ǔn ǘ ǚ ǜ
    """
)  # initials, and finals with their tone
ADDED = {2: SOUNDS, 3: (*SOUNDS, "<|endofsystem|>", *(f"[{phoneme}]" for phoneme in (*CMU, *PINYIN)))}

HEARD = listed(
    """
    [breath] [laughter] [cough] [sigh] [noise] [clucking] [quick_breath] [hissing] [vocalized-noise] [lipsmack] [mn]
    [accent]
    """
)  # what a text may ask for
AROUND = (("<strong>", "</strong>"), ("<laughter>", "</laughter>"))

LANGUAGES = listed(
    """
    en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt
    la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc
    ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue
    """
)  # of the first generation's vocabulary, which is that of Whisper
