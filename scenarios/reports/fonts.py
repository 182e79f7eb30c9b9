"""Free fonts for text in any script (Noto, WenQuanYi), from packages that ship nothing else."""

from functools import cache
from importlib.resources import files
from pathlib import Path

import uharfbuzz

CJK = Path(str(files("paperang_p2_fonts_cjk"))) / "fonts" / "wqy-microhei.ttc"
NOTO = Path(str(files("manimgx_fonts")))
# The first two have most letters; the symbols come last, because they have letters of a kind, too.
FIRST, LAST = ["NotoSans[wght].ttf"], ["NotoSansSymbols[wght].ttf", "NotoEmoji[wght].ttf"]
BOX = "\u25a1"


@cache
def find_fonts() -> dict[Path, frozenset[str]]:
    """Return the files in the order in which a letter is looked for, with the letters of each."""
    others = {path.name for path in NOTO.glob("*.ttf") if "Italic" not in path.name}
    scripts = sorted(others - {*FIRST, *LAST})
    paths = [*(NOTO / name for name in (*FIRST, *scripts)), CJK, *(NOTO / name for name in LAST)]
    return {path: read_letters(path) for path in paths}


def read_letters(path: Path) -> frozenset[str]:
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
    return frozenset(map(chr, face.unicodes))


def find_font(letter: str) -> Path | None:
    """Return the first font that has the letter."""
    return next((path for path, letters in find_fonts().items() if letter in letters), None)


def show(text: str) -> str:
    """Return the text with a box for each character that no font has."""
    missing = {letter for letter in set(text) if not find_font(letter)}
    return "".join(BOX if letter in missing else letter for letter in text)


def choose_fonts(text: str) -> list[Path]:
    """Return the fonts that the text needs, the first one always among them."""
    needed = {find_font(letter) for letter in set(text)}
    return [path for path in find_fonts() if path in needed or path.name in FIRST]
