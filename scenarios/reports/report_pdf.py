"""Draw the report on one page of A4: a title, and a bar for each region beside its turnover."""

import unicodedata
from decimal import Decimal

from fpdf import FPDF
from fpdf.enums import Align
from fpdf.fonts import TTFFont

from scenarios.text import one_line

from .fonts import choose_fonts, show

MOST_ROWS = 12
REST = "all others"
ACCENT, INK, GREY, STRIPE = (0, 121, 107), (33, 37, 41), (108, 117, 125), (242, 247, 246)
MARGIN_MM, ROW_MM = 20, 9
NAME_MM, BAR_MM, AMOUNT_MM = 62, 62, 46  # together the width of the page between its margins


def render_pdf(title: str, orders: int, total: Decimal, regions: dict[str, Decimal]) -> bytes:
    """Return the bytes of a PDF; amounts are written like 12,345.67.

    `regions` are the largest, largest first; what they lack of `total` is the turnover of others.
    """
    title = tidy(title)
    rows = shorten(total, regions)
    page = start_page(title + "".join(name for name, _ in rows))
    page.set_title(title)
    write_head(page, title, f"{orders:,} orders, total {total:,.2f}")
    write_row(page, "Region", "Turnover", GREY)
    largest = max((amount for _, amount in rows), default=Decimal(0))
    for number, (name, amount) in enumerate(rows):
        draw_stripe(page, number)
        draw_bar(page, float(amount / largest) if largest else 0)
        write_row(page, name, f"{amount:,.2f}", INK)
    page.set_draw_color(*ACCENT)
    page.line(MARGIN_MM, page.y, page.w - MARGIN_MM, page.y)
    write_row(page, "Total", f"{total:,.2f}", ACCENT)
    name_parts_of_letters(page)
    return bytes(page.output())


def tidy(text: str) -> str:
    """Return text that can be drawn: composed accents, in one line, a box for unknown letters."""
    return show(one_line(unicodedata.normalize("NFC", text)))


def shorten(total: Decimal, regions: dict[str, Decimal]) -> list[tuple[str, Decimal]]:
    """Keep the largest regions and add the others up, so that any file fits one page."""
    rows = [(tidy(name), amount) for name, amount in list(regions.items())[:MOST_ROWS]]
    rest = total - sum((amount for _, amount in rows), Decimal())
    return [*rows, (REST, rest)] if rest else rows


def start_page(text: str) -> FPDF:
    """Open a page with the fonts that the text needs; only the letters of it are embedded."""
    page = FPDF(format="A4")
    page.set_creator("reports")
    page.alias_nb_pages("")  # by default the text {nb} becomes the number of pages
    page.set_margin(MARGIN_MM)
    page.set_auto_page_break(False)
    page.add_page()
    if is_latin(text):
        page.set_font("Helvetica")  # every reader has it, and a font costs 0.1 s to embed
        return page
    names = [path.stem for path in choose_fonts(text)]
    for name, path in zip(names, choose_fonts(text), strict=True):
        page.add_font(name, fname=path)
    page.set_font(names[0])
    page.set_fallback_fonts(names[1:], exact_match=False)
    page.set_text_shaping(True)  # joins Arabic letters, places accents, turns right to left
    return page


def name_parts_of_letters(page: FPDF) -> None:
    """Let who searches or copies the text not meet the dots of an Arabic letter.

    They are glyphs of their own, which stand for no letter; a reader makes up one for each.
    """
    for font in page.fonts.values():
        for glyph, _ in font.subset.items() if isinstance(font, TTFFont) else ():
            if glyph and not glyph.unicode:
                glyph.unicode = (ord("\u200b"),)  # has no width


def is_latin(text: str) -> bool:
    return all(letter <= "\u00ff" for letter in text)


def write_head(page: FPDF, title: str, summary: str) -> None:
    """Write the title over as many lines as it takes, with a bar in front."""
    page.set_text_color(*INK)
    page.set_font_size(22 if len(title) <= 60 else 15)
    top = page.y
    page.set_x(MARGIN_MM + 5)
    page.multi_cell(0, page.font_size * 1.35, title, align=Align.L, new_x="LMARGIN", new_y="NEXT")
    page.set_fill_color(*ACCENT)
    page.rect(MARGIN_MM, top + 1, 1.4, page.y - top - 2, style="F")
    page.set_x(MARGIN_MM + 5)
    page.set_text_color(*GREY)
    page.set_font_size(12)
    page.cell(0, 9, summary, new_x="LMARGIN", new_y="NEXT")
    page.ln(6)
    page.set_font_size(11)


def draw_stripe(page: FPDF, number: int) -> None:
    if number % 2 == 0:
        page.set_fill_color(*STRIPE)
        page.rect(MARGIN_MM, page.y, page.w - 2 * MARGIN_MM, ROW_MM, style="F")


def draw_bar(page: FPDF, part: float) -> None:
    page.set_fill_color(*ACCENT)
    page.rect(MARGIN_MM + NAME_MM, page.y + 2.5, max(part * BAR_MM, 0.2), ROW_MM - 5, style="F")


def write_row(page: FPDF, name: str, amount: str, color: tuple[int, int, int]) -> None:
    """Write a name, cut where the bar begins, and an amount on the right."""
    page.set_text_color(*color)
    page.cell(NAME_MM + BAR_MM, ROW_MM, cut(page, name))
    page.cell(AMOUNT_MM, ROW_MM, amount, align=Align.R, new_x="LMARGIN", new_y="NEXT")


def cut(page: FPDF, name: str) -> str:
    """Return as much of a name as fits its column."""
    if page.get_string_width(name) <= NAME_MM - 4:
        return name
    ends = "..." if is_latin(name) else "…"
    while name and page.get_string_width(name + ends) > NAME_MM - 4:
        name = name[: -max(1, len(name) // 10)]
    return name.rstrip() + ends
