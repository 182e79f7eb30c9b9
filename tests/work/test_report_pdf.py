"""The PDF shows titles and regions in any script, on one page, and can be searched."""

import unicodedata
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from scenarios.reports.fonts import find_font, find_fonts
from scenarios.reports.report_pdf import render_pdf

SCRIPTS = {
    "Polish": "Łódź i Kraków",
    "Greek": "Πωλήσεις ἀνά τρίμηνο",
    "Cyrillic": "Продажи по регионам",
    "Vietnamese": "Thành phố Hồ Chí Minh",
    "Japanese": "東京本店 テスト かな",
    "Chinese": "銷售報告 北京",
    "Korean": "서울 판매",
    "Thai": "ยอดขาย",
    "Georgian": "გაყიდვები",
    "Armenian": "Վաճառք",
    "accents apart": "Zu\u0308rich, y\u0302 and x\u0301",
    "currency": "₽ € ₹ №",
    "emoji": "🚲 ✓",
    "Latin alone": "Größe <b>&amp; {nb} **x** \\ ( )",
}
FROM_THE_RIGHT = {"Arabic": "مرحبا بالعالم", "Hebrew": "שלום עולם"}


def read(pdf: bytes) -> str:
    (page,) = PdfReader(BytesIO(pdf)).pages
    return page.extract_text().replace("\u200b", "")


def embedded_fonts(pdf: bytes) -> list[str]:
    (page,) = PdfReader(BytesIO(pdf)).pages
    names = []
    for font in page["/Resources"]["/Font"].values():  # type: ignore[index]  # what it has
        (descendant,) = font.get_object()["/DescendantFonts"]
        assert "/FontFile2" in descendant.get_object()["/FontDescriptor"].get_object()
        names.append(str(font.get_object()["/BaseFont"]))
    return names


@pytest.mark.parametrize("script", SCRIPTS)
def test_title_and_region_are_read_as_they_were_written(script: str) -> None:
    text = SCRIPTS[script]

    pdf = render_pdf(text, 1, Decimal("2.50"), {text: Decimal("2.50")})

    lines = read(pdf).split("\n")
    wanted = unicodedata.normalize("NFC", text)
    assert lines[0] == wanted
    assert f"{wanted} 2.50" in lines
    assert PdfReader(BytesIO(pdf)).metadata.title == wanted  # type: ignore[union-attr]  # it has one


@pytest.mark.parametrize("script", FROM_THE_RIGHT)
def test_text_from_right_to_left_keeps_its_words(script: str) -> None:
    text = FROM_THE_RIGHT[script]

    found = read(render_pdf(text, 1, Decimal("2.50"), {"North": Decimal("2.50")}))

    for word in text.split():
        assert word in found, found


@pytest.mark.parametrize("script", ["Polish", "Thai", "Japanese"])
def test_only_the_letters_that_are_used_are_embedded(script: str) -> None:
    pdf = render_pdf(SCRIPTS[script], 1, Decimal("2.50"), {"North": Decimal("2.50")})

    assert embedded_fonts(pdf)
    assert len(pdf) < 60_000


def test_every_script_has_a_font_and_nothing_else_breaks_the_page() -> None:
    assert len(find_fonts()) > 20
    assert find_font("A") != find_font("東") != find_font("ا")
    strange = "\U000e0001\ue000\uffff\U0010fffe\u200d\ufe0f\u0300\u0001\x85"

    found = read(render_pdf(f"a{strange}b", 1, Decimal(1), {strange: Decimal(1)}))

    assert "□" in found
    assert "\\x85" in found


@pytest.mark.parametrize("letter", ["W", "東", "م", "\u0300", "🚲", "ﷺ", " "])
def test_longest_names_stay_on_one_page(letter: str) -> None:
    regions = {f"{n:02} " + letter * 97: Decimal(10**12 - n) for n in range(12)}

    pdf = render_pdf(letter * 200, 10**9, sum(regions.values(), Decimal()), regions)

    assert "11,999,999,999,934.00" in read(pdf)


def test_rest_is_added_up_beside_a_region_of_the_same_name() -> None:
    regions = {f"r{n}": Decimal(100 - n) for n in range(11)} | {"all others": Decimal(5)}

    lines = read(render_pdf("Orders", 20, Decimal(2000), regions)).split("\n")

    assert "all others 5.00" in lines
    assert "all others 950.00" in lines


def test_report_without_turnover_is_drawn() -> None:
    for regions in ({}, {"North": Decimal(0)}):
        assert "Total" in read(render_pdf("Orders", 0, Decimal(0), regions))


def test_text_is_no_link_and_no_script() -> None:
    text = "[x](https://example.com) /JS (app.alert(1)) /URI <script>"

    pdf = render_pdf(text, 1, Decimal(1), {text: Decimal(1)})

    assert text in read(pdf).replace("\n", " ")
    assert b"/Annots" not in pdf
    assert b"/JavaScript" not in pdf
