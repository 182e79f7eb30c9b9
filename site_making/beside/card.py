"""The picture that other sites show beside a link to this one, drawn while the site is built."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH_PX, HEIGHT_PX = 1200, 630
TEAL, PAPER, PALE, SAND = "#10504e", "#ffffff", "#b9dad5", "#f0a774"


def draw_card(path: Path, title: str, words: str) -> None:
    """Write a PNG with the title, a sentence, and what survives kill -9 of the API in each lane."""
    card = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), TEAL)
    pen = ImageDraw.Draw(card)
    pen.text((80, 84), title, font=ImageFont.load_default(72), fill=PAPER)
    pen.multiline_text((80, 190), _wrap(words, 46), font=ImageFont.load_default(38), fill=PALE)
    for lane, (done, lost) in enumerate(((0, 8), (0, 8), (8, 0), (0, 8))):
        y_px = 360 + 58 * lane
        pen.line((80, y_px + 20, WIDTH_PX - 80, y_px + 20), fill="#2c6f6b", width=3)
        for job in range(done + lost):
            x_px = 100 + job * 128
            box = (x_px, y_px, x_px + 56, y_px + 40)
            if job < done:
                pen.rounded_rectangle(box, 10, fill=PALE)
                pen.line((x_px + 17, y_px + 21, x_px + 25, y_px + 29), fill=TEAL, width=5)
                pen.line((x_px + 25, y_px + 29, x_px + 40, y_px + 11), fill=TEAL, width=5)
            else:
                pen.rounded_rectangle(box, 10, outline=SAND, width=4)
                pen.line((x_px + 20, y_px + 12, x_px + 36, y_px + 28), fill=SAND, width=5)
                pen.line((x_px + 36, y_px + 12, x_px + 20, y_px + 28), fill=SAND, width=5)
    path.parent.mkdir(parents=True, exist_ok=True)
    card.save(path, optimize=True)


def _wrap(words: str, most: int) -> str:
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) >= most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
