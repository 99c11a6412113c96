"""The control tokens of ChatTTS: which may stand in a text, which belong into the controls, which only we may write."""

IN_TEXT = ("[uv_break]", "[v_break]", "[lbreak]", "[llbreak]", "[laugh]", "[undefine]", "[music]", "[pure]")
STRUCTURE = (
    "[Sasr]", "[Pasr]", "[Easr]", "[Stts]", "[Ptts]", "[Etts]", "[Sbreak]", "[Pbreak]", "[Ebreak]",
    "[spk_emb]", "[empty_spk]",
)  # fmt: skip
LEVELS = {"oral": 9, "laugh": 2, "break": 7, "speed": 9}  # [oral_0] to [oral_9] …, of which a text has one in all
