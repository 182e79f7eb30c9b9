"""Look at a CSV file of orders before its job is taken."""

import codecs
import io
from typing import BinaryIO

from scenarios.errors import BadUpload, WorkError
from scenarios.reports.order_file import read_rows

CHUNK_BYTES = 1 << 16
WORKBOOKS = (b"PK\3\4", b"\xd0\xcf\x11\xe0")  # xlsx and ods are zip files; and xls
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def check_csv(file: BinaryIO) -> None:
    """Accept UTF-8 text with the right header and at least one row."""
    check_encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        if next(read_rows(text), None) is None:
            raise BadUpload("there is no order below the header")
    except WorkError as error:
        raise BadUpload(str(error)) from None
    finally:
        text.detach()  # it would close the file


def check_encoding(file: BinaryIO) -> None:
    """Read the whole file as UTF-8, so that no job stumbles over its last line."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    wanted = "save it as “CSV UTF-8”"
    beginning = file.read(4)
    if beginning.startswith(WORKBOOKS):
        raise BadUpload(f"the file is a workbook or an archive: {wanted}")
    if beginning.startswith(UTF_16) or b"\0" in beginning:  # without a mark each letter has a NUL
        raise BadUpload(f"the file is UTF-16: {wanted}")
    file.seek(0)
    try:
        while chunk := file.read(CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadUpload(f"the file is not UTF-8: {wanted}") from None
