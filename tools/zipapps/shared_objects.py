"""Compiled modules without what only debuggers read: some wheels are built without stripping, and that part of them is
several times what runs."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
"""Of an ELF file; fields 5 and 6 are where program and section headers lie, 9 to 13 sizes and counts of both."""

_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_64_BIT_LITTLE_ENDIAN = b"\x7fELF\x02\x01"


def loaded_part(content: bytes) -> bytes:
    """What a loader needs of a shared object: everything up to the end of its last segment, with a header that tells
    of no sections. Those behind (symbols, debug information) are for linkers and debuggers; nothing is moved.

    Anything that is not such a file comes back as it is.
    """
    if not content.startswith(_64_BIT_LITTLE_ENDIAN) or len(content) < _HEADER.size:
        return content
    header = list(_HEADER.unpack_from(content))
    first, count = header[5], header[10]
    if header[9] != _PROGRAM_HEADER.size or first + count * _PROGRAM_HEADER.size > len(content):
        return content
    segments = [_PROGRAM_HEADER.unpack_from(content, first + i * _PROGRAM_HEADER.size) for i in range(count)]
    end = max([first + count * _PROGRAM_HEADER.size, *(offset + size for _, _, offset, _, _, size, _, _ in segments)])
    if not segments or end > len(content):
        return content
    header[6] = header[12] = header[13] = 0
    return _HEADER.pack(*header) + content[_HEADER.size : end]
