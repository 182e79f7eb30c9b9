"""Orders as programs export them: the same meaning is stored the same, the rest is refused."""

import json
import resource
import time
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from io import BytesIO

import pytest

from scenarios import files
from scenarios.contract import JSONDict, new_task_id
from scenarios.errors import BadUpload, WorkError
from scenarios.report import make_report
from scenarios.reports.orders import MOST_REGIONS, add_up, connect
from scenarios.uploads import check_csv

MANY = 100_000  # regions
HEADER = "date,region,product,quantity,unit_price"
ROWS = ["2026-11-21,Zürich,Lamp,3,1.50", "2026-11-21,Łódź,Desk,2,0.25"]
FILE = "\n".join([HEADER, *ROWS]) + "\n"
SAME: dict[str, Callable[[], str | bytes]] = {
    "plain": lambda: FILE,
    "Excel: byte order mark and CRLF": lambda: "\ufeff" + FILE.replace("\n", "\r\n"),
    "Excel for Mac: CR alone": lambda: FILE.replace("\n", "\r"),
    "Excel: rows that were used once": lambda: FILE + ",,,,\r\n" * 50,
    "Excel: columns that were used once": lambda: FILE.replace("\n", ",,\n"),
    "Excel: more columns below than above": lambda: FILE.replace("50\n", "50,,,\n"),
    "LibreOffice: every text quoted": lambda: (
        '"date","region","product","quantity","unit_price"\n'
        '"2026-11-21","Zürich","Lamp",3,1.5\n"2026-11-21","Łódź","Desk",2,0.25\n'
    ),
    "LibreOffice: empty rows above": lambda: ",,,,\n\n" + FILE,
    "Numbers: no last line end": lambda: FILE.rstrip("\n"),
    "Numbers: rows of blanks": lambda: FILE + "   \n \t \n\n\n",
    "pandas: index": lambda: (
        f",{HEADER}\n0,{ROWS[0]}\n1,{ROWS[1]}\n"  # to_csv() without index=False
    ),
    "pandas: floats": lambda: FILE.replace(",3,1.50", ",3.0,1.5").replace(",2,", ",2.0,"),
    "pandas: timestamps": lambda: FILE.replace("-21,", "-21 00:00:00,"),
    "psql: numeric(12,4)": lambda: FILE.replace("1.50", "1.5000").replace("0.25", "0.2500"),
    "psql: timestamp": lambda: FILE.replace("-21,", "-21T00:00:00.000000,"),
    "Sheets: quotes where needed": lambda: FILE.replace("Zürich", '"Zürich"'),
    "header in capitals": lambda: FILE.replace(HEADER, HEADER.upper()),
    "header in words": lambda: FILE.replace(HEADER, " Date ,Region, Product,Quantity,Unit Price "),
    "header quoted in part": lambda: FILE.replace("unit_price", '"unit_price"'),
    "blanks around values": lambda: FILE.replace(",", " , "),
    "quotes behind blanks": lambda: FILE.replace(",Lamp", ', "Lamp"'),
    "blanks behind quotes": lambda: FILE.replace("Lamp", '"Lamp" ').replace("0.25", '"0.25"\t'),
    "tabs around values": lambda: FILE.replace(",", "\t,\t"),
    "no-break blanks around values": lambda: FILE.replace("Zürich", "\u00a0Zürich\u202f"),
    "basic dates": lambda: FILE.replace("2026-11-21", "20261121"),
    "week dates": lambda: FILE.replace("2026-11-21", "2026-W47-6"),
    "mixed dates": lambda: FILE.replace("2026-11-21", "2026W476", 1),
    "accents apart (NFD)": lambda: FILE.replace("ü", "u\u0308"),
    "plus, zeros in front": lambda: FILE.replace(",3,1.50", ",+03,+01.50"),
    "no zero before the point": lambda: FILE.replace("0.25", ".25"),
    "invisible marks": lambda: FILE.replace("Zürich", "\u200bZü\u00adrich\u200e"),
    "more invisible marks": lambda: FILE.replace("Zürich", "Z\u2062ü\u180er\u034fi\u206ach\u3164"),
    "invisible marks around numbers": lambda: FILE.replace("2026-", "\u200e2026-").replace(
        ",3,1.50", ",\u200b3,1.50\ufeff"
    ),
    "invisible marks in front of a row": lambda: FILE.replace("2026", "\ufeff2026"),
    "all of it": lambda: (
        "\ufeff\r\n" + FILE.replace("\n", " \r\n\r\n").replace("ü", "u\u0308").replace("-", "")
    ),
}
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "semicolons": (FILE.replace(",", ";"), "commas instead of ';'"),
    "tabs": (FILE.replace(",", "\t"), r"commas instead of '\\t'"),
    "UTF-16": (FILE.encode("utf-16"), "UTF-16: save it as “CSV UTF-8”"),
    "UTF-16, the other way": (b"\xfe\xff" + FILE.encode("utf-16-be"), "UTF-16: save it"),
    "Latin-1": (FILE.replace("Łódź", "N").encode("latin-1"), "not UTF-8: save it as"),
    "workbook of Excel": (b"PK\3\4\x14\0\6\0" + bytes(99), "a workbook.*save it as “CSV UTF-8”"),
    "workbook of an old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a workbook.*save it as"),
    "name that is not seen": (FILE.replace("Desk", "\u3164"), "row 3, column 'product'"),
    "another order": (FILE.replace("date,region", "region,date"), "first line is 'region,date"),
    "a column twice": (FILE.replace(HEADER, f"{HEADER},date"), "first line is"),
    "no header": ("\n".join(ROWS), "first line is '2026-11-21,Zürich"),
    "nothing below": (f"{HEADER}\n,,,,\n\n  \n", "no order below the header"),
    "decimal comma": (FILE.replace("1.50", "1,50"), "row 2 has 6 columns.*a price has a point"),
    "quoted decimal comma": (FILE.replace("1.50", '"1,50"'), "row 2, column 'unit_price'.*point"),
    "thousands": (FILE.replace(",3,", ',"1,200",'), "row 2, column 'quantity'.*such as 1200"),
    "currency": (FILE.replace("1.50", "€1.50"), "row 2, column 'unit_price'.*in digits"),
    "third of a cent": (FILE.replace("1.50", "1.505"), "row 2, column 'unit_price'"),
    "float that is not exact": (FILE.replace("1.50", "1.4999999999999998"), "'unit_price'"),
    "exponent": (FILE.replace(",3,", ",3E+00,"), "row 2, column 'quantity'"),
    "negative": (FILE.replace("1.50", "-1.50"), "row 2, column 'unit_price'"),
    "full-width digits": (FILE.replace(",3,", ",３,"), "row 2, column 'quantity'"),
    "other digits": (FILE.replace("2026", "٢٠٢٦"), "row 2, column 'date'"),
    "German date": (FILE.replace("2026-11-21", "21.11.2026"), "row 2, column 'date'.*2026-11-21"),
    "American date": (FILE.replace("2026-11-21", "11/21/2026"), "row 2, column 'date'"),
    "week alone": (FILE.replace("2026-11-21", "2026-W47"), "row 2, column 'date'"),
    "no date": (FILE.replace("2026-11-21", "yesterday"), "row 2, column 'date'"),
    "no such day": (FILE.replace("2026-11-21", "2026-02-30"), "row 2, column 'date'"),
    "hour of a day": (FILE.replace("-21,", "-21T10:30,"), "row 2, column 'date'"),
    "time zone": (FILE.replace("-21,", "-21T00:00:00+01:00,"), "row 2, column 'date'"),
    "empty name": (FILE.replace("Łódź", " \u00a0 "), "row 3, column 'region'"),
    "no product": (FILE.replace("Desk", ""), "row 3, column 'product'"),
    "none sold": (FILE.replace(",3,", ",0,"), "row 2, column 'quantity'"),
    "half sold": (FILE.replace(",3,", ",1.5,"), "row 2, column 'quantity'"),
    "too many sold": (FILE.replace(",3,", f",{'9' * 5000},"), "row 2, column 'quantity'"),
    "digits of another script": (FILE.replace(",3,", ",٣,"), "row 2, column 'quantity'"),
    "no price": (FILE.replace("1.50", "cheap"), "row 2, column 'unit_price'"),
    "no number": (FILE.replace("1.50", "NaN"), "row 2, column 'unit_price'"),
    "too short": (FILE.replace(",0.25", ""), "row 3 has 4 columns"),
    "too long": (FILE.replace("0.25", "0.25,more"), "row 3 has 6 columns"),
    "name of 101 characters": (FILE.replace("Łódź", "x" * 101), "row 3, column 'region'.*1 to 100"),
    "name that turns the order": (FILE.replace("Łódź", "a\u202eb"), "row 3, column 'region'"),
    "name with a command": (FILE.replace("Łódź", "a\x1b[2J"), "row 3, column 'region'"),
    "UTF-16 without a mark": (FILE.encode("utf-16-le"), "UTF-16: save it as “CSV UTF-8”"),
    "quote that is not doubled": (FILE.replace("Lamp", '"12" Lamp"'), "row 2 is no CSV.*twice"),
    "backslash before a quote": (FILE.replace("Lamp", r'"12\" Lamp"'), "row 2 is no CSV.*twice"),
    "cut within quotes": (FILE.replace(",0.25\n", ',"0.2'), "row 3 is no CSV.*end of data"),
    "header without end": ("ab," * 100_000, "row 1 is no CSV: .* more than 131,072"),
    "row without end": (FILE + "ab," * 100_000, "row 4 is no CSV: .* more than 131,072"),
    "empty rows without end": (FILE + "\n" * 1_100_000, "more than 1,048,576 rows"),
    "open quote": (FILE.replace("Łódź", '"Łódź'), "row 3"),
    "endless field": (FILE + '"' + "x" * 200_000, "row 4 is no CSV"),
    "bad row behind an empty one": (f"{FILE}\n\n,,,,\nx,y,z,1,1\n", "row 7, column 'date'"),
}


def encode(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def report(content: str | bytes) -> JSONDict:
    """Do what `POST /reports` and its job do."""
    task_id = new_task_id()
    check_csv(BytesIO(encode(content)))
    files.upload_path(task_id).write_bytes(encode(content))
    return make_report(task_id, "Orders", lambda percent: None)


pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.mark.parametrize("name", SAME)
def test_what_means_the_same_is_stored_as_the_same(name: str) -> None:
    result = report(SAME[name]())

    assert result["regions"] == {"Zürich": "4.50", "Łódź": "0.50"}
    assert (result["orders"], result["total"]) == (2, "5.00")
    with closing(connect()) as database:
        nightly = add_up(database, "day", "2026-11-21")
        products = database.execute("SELECT product FROM orders ORDER BY product").fetchall()
    assert (nightly.orders, str(nightly.total)) == (2, "5.00")
    assert list(nightly.regions) == ["Zürich", "Łódź"]
    assert products == [("Desk",), ("Lamp",)]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_what_would_be_right(name: str) -> None:
    content, sentence = REFUSED[name]

    with pytest.raises((BadUpload, WorkError), match=sentence) as refusal:
        report(content)

    assert "\n" not in str(refusal.value)
    with closing(connect()) as database:
        assert database.execute("SELECT COUNT(*) FROM orders").fetchone() == (0,)


@pytest.mark.parametrize(
    ("region", "stored"),
    [
        ('"Nor\nth"', "Nor th"),
        ('"Nor\r\nth, East"', "Nor th, East"),
        ('"' + "\n".join("x" * 49) + '"', " ".join("x" * 49)),
        ('"x' + "\n" * 98 + 'y"', "x y"),
        ('"19"" Monitor"', '19" Monitor'),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("@SUM(1)", "@SUM(1)"),
        ("New\u00a0York", "New York"),
        ("New\u3000  York", "New York"),
        ("ｎｏｒｔｈ", "ｎｏｒｔｈ"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_name_is_stored_with_single_blanks_and_as_text(region: str, stored: str) -> None:
    result = report(f"{HEADER}\n2026-11-21,{region},Lamp,1,2.50\n")

    assert result["regions"] == {stored: "2.50"}


def test_sums_stay_exact_beyond_64_bits() -> None:
    report(f"{HEADER}\n2026-11-21,North,Lamp,10000,9999999.99\n")
    with closing(connect()) as database:
        for _ in range(10):
            database.execute("INSERT INTO orders SELECT * FROM orders")
        # As much as 2**20 orders, which three files of 10 MiB hold.
        database.execute("UPDATE orders SET quantity = quantity * 1024")

        nightly = add_up(database, "day", "2026-11-21")

    assert nightly.total == 2**20 * 10_000 * Decimal("9999999.99")
    assert nightly.total * 100 > 2**63


def test_many_regions_neither_fill_the_status_nor_the_memory() -> None:
    rows = "".join(f"2026-11-21,r{n},Lamp,1,{n % 9 + 1}\n" for n in range(MANY))
    before_kib, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()

    result = report(f"{HEADER}\n{rows}")

    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert result["orders"] == MANY
    assert len(result["regions"]) == MOST_REGIONS
    assert result["regions_left_out"] == MANY - MOST_REGIONS
    assert set(result["regions"].values()) == {"9.00"}
    assert len(json.dumps(result)) < 20_000
    assert grown_kib < 150 * 1024
    assert time.process_time() - began < 4  # of the processor: the machine may be busy


def test_accents_without_end_take_no_time() -> None:
    accents = "a" + "\u0300\u0323" * 40_000
    began = time.monotonic()

    with pytest.raises(WorkError, match="column 'region'"):
        report(f"{HEADER}\n2026-11-21,{accents},Lamp,1,2.50\n")

    assert time.monotonic() - began < 5
