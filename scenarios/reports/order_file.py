"""Read orders from CSV, as spreadsheets and databases write it; the same value has one spelling."""

import csv
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TextIO

from scenarios.errors import WorkError
from scenarios.text import CONTROLS

# --8<-- [start:rules]
COLUMNS = ["date", "region", "product", "quantity", "unit_price"]
READS = (
    "CSV in UTF-8, with or without a byte order mark, parted by commas, any line ends; the first"
    f" line is `{','.join(COLUMNS)}`, in any case. Empty lines and columns without a name are left"
    " out. `date`: 2026-11-21, also 20261121, 2026-W47-6, or with a time of midnight. `region`,"
    " `product`: 1 to 100 characters; blanks and line breaks count as one blank, accents are"
    " stored composed (NFC). `quantity`: whole, 1 to 10000. `unit_price`: 0 to 9999999.99 with a"
    " point and at most two decimals that are not 0. Invisible marks are left out."
)
# --8<-- [end:rules]
MAX_QUANTITY = 10_000  # 10 MiB of the largest orders still add up within 64 bits
MAX_CENTS = 999_999_999
MAX_ROWS = 1_048_576  # of a spreadsheet; 10 MiB hold more only if they are empty
LONGEST_LINE = 131_072  # characters: as many as `csv` takes in a field; spreadsheets write less
LONGEST = 40  # characters; no date or price has more, and what is cached stays small
DAY = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{8}|\d{4}-W\d\d-\d|\d{4}W\d{3})([T ]00:00(:00(\.0{1,9})?)?)?", re.ASCII
)
QUANTITY = re.compile(r"\+?(\d{1,12})(\.0{1,12})?", re.ASCII)
PRICE = re.compile(r"\+?(?=\.?\d)\d{0,12}(\.\d{0,12})?", re.ASCII)
# All that Unicode says is not shown, but for what joins letters or chooses their form.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb]"
)
BLANKS_BEHIND_QUOTE = re.compile(r'(?<!")"[ \t]+(?=[,\r\n]|$)')  # which `csv` takes in front alone
HARMFUL = re.compile(f"[{CONTROLS}]")
Order = tuple[str, str, str, int, int]  # day, region, product, quantity, price in cents


def parse_orders(file: TextIO) -> Iterator[Order]:
    """Yield one checked order per row, reading as it goes; raise `WorkError` at a bad one."""
    for number, row in read_rows(file):
        yield parse_row(number, row)


def read_rows(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header that are not empty, with the numbers of a spreadsheet.

    Raises `WorkError` if there is another header, or a row is no CSV.
    """
    numbered = number_rows(file)
    _, header = next(numbered, (0, []))
    names = ["_".join(tidy(name).casefold().split()) for name in header]
    if [name for name in names if name] != COLUMNS:
        raise WorkError(complain(header))
    # Excel writes columns that were used once, pandas the number of each row: both have no name.
    named = [place for place, name in enumerate(names) if name]
    for number, row in numbered:
        while len(row) > len(names) and not row[-1].strip():
            row.pop()
        is_whole = len(row) == len(names)
        yield number, [row[place] for place in named] if is_whole else row


def number_rows(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield every row with something in it, and its number from 1 on."""
    number = 0
    try:
        # Strict: a quote that is not closed or not doubled would become another value in silence.
        rows = csv.reader(read_lines(file), skipinitialspace=True, strict=True)
        for number, row in enumerate(rows, start=1):
            if "".join(row).strip():
                yield number, row
            elif number > MAX_ROWS:
                raise WorkError(f"the file has more than {MAX_ROWS:,} rows")
    except csv.Error as error:
        hint = "; a quote within quotes is written twice" if "expected after" in str(error) else ""
        raise WorkError(f"row {number + 1} is no CSV: {error}{hint}") from error


def read_lines(file: TextIO) -> Iterator[str]:
    """Yield the lines; one of 10 MiB would become millions of columns."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise csv.Error(f"a line has more than {LONGEST_LINE:,} characters")
        yield BLANKS_BEHIND_QUOTE.sub('"', line)


def complain(header: list[str]) -> str:
    """Say what is wrong with the first line, and what would be right."""
    wanted = f"not {','.join(COLUMNS)!r}"
    sentence = f"the first line is {','.join(header)[:80]!r}, {wanted}"
    for separator in (";", "\t", "|"):
        if separator in "".join(header):
            return f"{sentence}: part the columns by commas instead of {separator!r}"
    return sentence


def parse_row(number: int, row: list[str]) -> Order:
    """Turn one row into day, region, product, quantity and price in cents."""

    def refuse(column: str, value: str, wanted: str) -> WorkError:
        return WorkError(f"row {number}, column {column!r}: {value.strip()[:80]!r} is not {wanted}")

    if len(row) != len(COLUMNS):
        hint = "; a price has a point, a comma needs quotes" if len(row) > len(COLUMNS) else ""
        raise WorkError(f"row {number} has {len(row)} columns instead of {len(COLUMNS)}{hint}")
    day, region, product, quantity, unit_price = row
    if (iso_day := parse_day(bare(day)[:LONGEST])) is None:
        raise refuse("date", day, "a date such as 2026-11-21")
    if (region_name := parse_name(region)) is None:
        raise refuse("region", region, "a name of 1 to 100 characters")
    if (product_name := parse_name(product)) is None:
        raise refuse("product", product, "a name of 1 to 100 characters")
    if (count := parse_quantity(bare(quantity)[:LONGEST])) is None:
        raise refuse("quantity", quantity, f"a whole number from 1 to {MAX_QUANTITY}, such as 1200")
    if (cents := parse_price(bare(unit_price)[:LONGEST])) is None:
        raise refuse("unit_price", unit_price, "a price such as 19.90, with a point and in digits")
    return iso_day, region_name, product_name, count, cents


@lru_cache(10_000)  # a file has many orders of one day
def parse_day(text: str) -> str | None:
    """Return the day as 2026-11-21, None if it is none; a week alone (2026-W47) is none."""
    if not (found := DAY.fullmatch(text)):
        return None
    try:
        return date.fromisoformat(found[1]).isoformat()
    except ValueError:
        return None


def parse_name(text: str) -> str | None:
    """Return a name with composed accents and single blanks, None if it is too long or harmful."""
    # Before it is composed: that takes a time that grows with the square of the accents.
    name = tidy(text) if len(text) <= 1000 else ""
    return name if 1 <= len(name) <= 100 and not HARMFUL.search(name) else None


def bare(text: str) -> str:
    """Return a date or a number without what cannot be seen: spreadsheets hide marks in dates."""
    return text.strip() if text.isascii() else INVISIBLE.sub("", text).strip()


def tidy(text: str) -> str:
    """Return a name in its one spelling."""
    if text.isascii():  # nothing to compose, and most files have nothing else
        return " ".join(text.split())
    return unicodedata.normalize("NFC", " ".join(INVISIBLE.sub("", text).split()))


def parse_quantity(text: str) -> int | None:
    """Return a whole number; 3, 03, +3 and 3.0 are the same."""
    found = QUANTITY.fullmatch(text)
    return int(found[1]) if found and 1 <= int(found[1]) <= MAX_QUANTITY else None


@lru_cache(10_000)
def parse_price(text: str) -> int | None:
    """Return a price in cents, exactly; 1.5, 1.50 and 1.500 are the same, 1.505 is none."""
    if not PRICE.fullmatch(text):
        return None
    cents = Decimal(text) * 100
    return int(cents) if cents == int(cents) <= MAX_CENTS else None
