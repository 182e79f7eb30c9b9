"""Texts that people write, and texts that try to become something else where they come out."""

import random
import re
import unicodedata

SCRIPTS = [
    "abcdefghijklmnopqrstuvwxyz ABC",
    "äöüßéèñçøåłżźćńąęőűžščř ",
    "заказ получена изменён спасибо ",
    "πωλήσεις ανά περιοχή ",
    "東京本店売上報告北京上海 ",
    "서울부산판매 ",
    "مرحبا بالعالم ",
    "שלום עולם ",
    "नमस्ते दुनिया ",
    "ยอดขาย ",
    "e\u0301u\u0308n\u0303 ",
    "🚲👍🏽👩‍👩‍👧✓₽ ",
    "0123456789.,;:-+()[]{}<>&\"'`|/\\@#$%^*=?!_~ ",
]
NASTY = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\x1b[2J",
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200f",
    "\ufeff",
    "\ufffe",
    "\ud800",
    "\udfff",
    "\u00a0",
    "\t",
    "\x0b",
    "\x1c",
    "\U000e0001",
    "\U0010ffff",
    "=?utf-8?q?=0D=0ABcc:_x=40example.com?=",
    "=?utf-8?b?DQoNCmV2aWw=?=",
    "=?us-ascii?q?=00?=",
    "\r\nBcc: x@example.com\r\n\r\nevil",
    "\nINFO [] root: paid",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "<script>alert(1)</script>",
    "<para><img src='/etc/passwd'/>",
    "&amp;&#10;",
    "'); DROP TABLE orders;--",
    "%0d%0a",
    "%s%n{0}{nb}${x}",
    "\r\n.\r\nMAIL FROM:<x>",
    "From x",
    "  ",
]


def make_texts(count: int, seed: int = 20261126) -> list[str]:
    """Return texts of 1 to about 80 characters, the same ones for the same seed."""
    chance = random.Random(seed)
    return [make_text(chance) for _ in range(count)]


def make_text(chance: random.Random) -> str:
    parts = []
    for _ in range(chance.randint(1, 4)):
        letters = chance.choice(SCRIPTS)
        parts.append("".join(chance.choices(letters, k=chance.randint(1, 18))))
        if chance.random() < 0.3:
            parts.append(chance.choice(NASTY))
    return "".join(parts)


def is_read_in_order(text: str) -> bool:
    """Tell whether no part is read from right to left, or has glyphs that stand for no letter."""
    return not any(
        unicodedata.bidirectional(letter) in ("R", "AL", "AN")
        or "\u0900" <= letter < "\u0e80"
        or unicodedata.combining(letter)
        for letter in text
    )


def visible(text: str) -> str:
    return re.sub(r"[\s\u200b-\u200f\u2060\ufe0f\ufeff\u00ad]", "", text)
