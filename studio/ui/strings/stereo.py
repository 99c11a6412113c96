"""The words of left and right."""

from studio.words import Words

STEREO_STRINGS: dict[str, Words] = {
    "cast.pan": Words("Left and right", "左右位置"),
    "cast.pan.help": Words("Left and right; the key 0 puts it back in the middle", "左右位置；按 0 键回到中间"),
    "cast.pan.left": Words("L {n}", "左 {n}"),
    "cast.pan.right": Words("R {n}", "右 {n}"),
    "cast.pan.middle": Words("middle", "居中"),
    "export.mono": Words("mono", "单声道"),
    "export.stereo": Words("stereo", "立体声"),
}
