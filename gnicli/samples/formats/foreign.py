"""Files that are no numbers yet: what they are by their first bytes, and how they become a file that is read."""

from __future__ import annotations

_PANDAS = "turn it into CSV, for instance with pandas: pandas.{}({!r}).to_csv('values.csv', index=False)"
_SAVE_AS = "save it as CSV"
_UNPACK = "unpack it first, or pipe it: {} | gni fit-stable samples=-"

# First bytes, what such a file is, and what to do.
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an old Excel (.xls) or Office file", _SAVE_AS),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (also MATLAB 7.3 and NetCDF 4)", "save the array with numpy.save, or as CSV"),
    (b"CDF\x01", "a NetCDF file", "save the array with numpy.save, or as CSV"),
    (b"CDF\x02", "a NetCDF file", "save the array with numpy.save, or as CSV"),
    (b"MATLAB 5.0", "a MATLAB file", "save the array as text (writematrix), or with scipy.io.loadmat and numpy.save"),
    (b"ARROW1", "an Arrow (Feather) file", _PANDAS.format("read_feather", "FILE")),
    (b"ORC", "an ORC file", _PANDAS.format("read_orc", "FILE")),
    (b"<stata_dta>", "a Stata file", _PANDAS.format("read_stata", "FILE")),
    (b"$FL2", "an SPSS file", _PANDAS.format("read_spss", "FILE")),
    (b"SQLite format 3", "a SQLite data base", "write a query's result as CSV: sqlite3 -csv FILE 'select …'"),
    (b"RDX", "an R data file", "write it with write.csv"),
    (b"SIMPLE  =", "a FITS file", "save the array with numpy.save, or as CSV"),
    (b"%PDF", "a PDF file", "save its table as CSV"),
    (b"\x89PNG", "a picture", "give a file of numbers"),
    (b"\xff\xd8\xff", "a picture", "give a file of numbers"),
    (b"{\\rtf", "a Rich Text file", "save it as plain text"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACK.format("zstdcat FILE")),
    (b"\x04\x22\x4d\x18", "compressed with lz4", _UNPACK.format("lz4cat FILE")),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"\x1f\x9d", "compressed with compress (.Z)", _UNPACK.format("zcat FILE")),
)
_PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))


def advice(first: bytes) -> str | None:
    """What a file that begins so is and what to do about it, or None for one that may be text or an array."""
    for magic, what, how in _KINDS:
        if first.startswith(magic):
            return f"is {what}, which is not read; {how}"
    if first.startswith(_PICKLES):
        return "is a pickle, which can run code and is not read; save the numbers with numpy.save"
    if first[257:262] == b"ustar":
        return "is a tar archive, which is not read; unpack it and give one of its files"
    return _of_text(first)


def _of_text(first: bytes) -> str | None:
    text = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"{" or (text[:1] == b"[" and text[1:].lstrip()[:1] in b'{["-0123456789nN]'):
        return f"is JSON, which is not read; {_PANDAS.format('read_json', 'FILE')}"
    if text[:5].lower() in (b"<html", b"<!doc", b"<?xml"):
        return "is a web page or XML, not numbers; is it a download that failed? save the table as CSV"
    return None


def zip_advice(names: list[str]) -> str | None:
    """The same of a zip archive with these files, several kinds of documents being such."""
    if any(name.startswith("xl/") for name in names):
        return f"is an Excel workbook, which is not read; {_SAVE_AS}"
    if any(name.startswith(("word/", "ppt/")) for name in names) or {"mimetype", "content.xml"} <= set(names):
        return f"is an office document, which is not read; {_SAVE_AS}"
    if any(name.endswith("data.pkl") for name in names):
        return "is a file of torch.save, a pickle, which can run code and is not read; save the numbers with numpy.save"
    return None
