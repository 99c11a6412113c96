"""The words of subtitles that can be downloaded."""

from studio.words import Words

CAPTION_STRINGS: dict[str, Words] = {
    "captions": Words("Subtitles", "字幕"),
    "captions.of": Words("Subtitles:", "字幕："),
}
