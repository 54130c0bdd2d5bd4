"""Header compression of HTTP/2 (RFC 7541): a complete decoder, and an encoder that keeps no state.

The decoder accepts all that a server may send: the dynamic table, its size updates, Huffman strings. The encoder
needs little: it names entries of the static table and writes everything else as a literal that is never indexed, so
that a token sent in a header stays in nobody's table.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Header = tuple[bytes, bytes]

DEFAULT_TABLE_SIZE = 4096
"""Bytes; what both sides start with (RFC 7541 section 4.2, SETTINGS_HEADER_TABLE_SIZE)."""

ENTRY_OVERHEAD = 32
"""Bytes added to each entry when the size of a table or list is counted (RFC 7541 section 4.1)."""

_STATIC_NAMES = (
    b":authority :method :method :path :path :scheme :scheme :status :status :status :status :status :status :status "
    b"accept-charset accept-encoding accept-language accept-ranges accept access-control-allow-origin age allow "
    b"authorization cache-control content-disposition content-encoding content-language content-length "
    b"content-location content-range content-type cookie date etag expect expires from host if-match "
    b"if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards "
    b"proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie "
    b"strict-transport-security transfer-encoding user-agent vary via www-authenticate"
).split()
_STATIC_VALUES = {
    2: b"GET",
    3: b"POST",
    4: b"/",
    5: b"/index.html",
    6: b"http",
    7: b"https",
    8: b"200",
    9: b"204",
    10: b"206",
    11: b"304",
    12: b"400",
    13: b"404",
    14: b"500",
    16: b"gzip, deflate",
}
STATIC_TABLE: list[Header] = [
    (name, _STATIC_VALUES.get(index, b"")) for index, name in enumerate(_STATIC_NAMES, start=1)
]
_STATIC_INDEX = {header: index for index, header in enumerate(STATIC_TABLE, start=1)}
_STATIC_NAME_INDEX = {name: index for index, name in reversed(list(enumerate(_STATIC_NAMES, start=1)))}

# The Huffman code of RFC 7541 appendix B is canonical: the bit lengths of its 257 symbols (EOS last) say it all.
_HUFFMAN_LENGTHS = bytes.fromhex(
    "0d171c1c1c1c1c1c1c181e1c1c1e1c1c1c1c1c1c1c1c1e1c1c1c1c1c1c1c1c1c060a0a0c0d06080b0a0a080b080606060505050606060606"
    "060607080f060c0a0d06070707070707070707070707070707070707070707070807080d130d0e060f050605060506060605070706060605"
    "06070605050607070707070f0b0e0d1c14161414161616171617171717171817181816171817171717151617161717181615141616171715"
    "1716161815161717151516151716171714161616171616171a1a1413161716191a1a1a1b1b1a181913151a1b1b1a1b1815151a1a1c1b1b1b"
    "14181415161515171616191918181a171a1b1a1a1b1b1b1b1b1c1b1b1b1b1b1a1e"
)
_EOS = 256
_LONGEST_CODE = 30
_SHORTEST_CODE = 5


class HpackError(ValueError):
    """A header block that breaks RFC 7541; fatal for the connection, whose two tables no longer agree."""


class _Huffman:
    """Tables of the canonical code, made when the first Huffman string arrives."""

    def __init__(self) -> None:
        self._symbols = sorted(range(len(_HUFFMAN_LENGTHS)), key=lambda symbol: (_HUFFMAN_LENGTHS[symbol], symbol))
        # Of each code length in use: (length, its first code, how many codes, where their symbols lie).
        self._levels: list[tuple[int, int, int, int]] = []
        code = 0
        position = 0
        for length in range(_SHORTEST_CODE, _LONGEST_CODE + 1):
            count = _HUFFMAN_LENGTHS.count(length)
            if count:
                self._levels.append((length, code, count, position))
            position += count
            code = (code + count) << 1

    def _first_code(self, pending: int, bits: int) -> tuple[int, int]:
        """Symbol and length of the code at the head of the pending bits; length 0 when it is not complete."""
        for length, first, count, position in self._levels:
            if length > bits:
                return 0, 0
            offset = (pending >> (bits - length)) - first
            if offset < count:
                return self._symbols[position + offset], length
        raise HpackError("a Huffman string contains no valid code")

    def decode(self, data: bytes) -> bytes:
        out = bytearray()
        pending = 0
        bits = 0
        for octet in data:
            pending = (pending << 8) | octet
            bits += 8
            while True:
                symbol, length = self._first_code(pending, bits)
                if not length:
                    break
                if symbol == _EOS:
                    raise HpackError("a Huffman string contains the end-of-string code")
                out.append(symbol)
                bits -= length
                pending &= (1 << bits) - 1
        if bits > 7 or pending != (1 << bits) - 1:
            raise HpackError("a Huffman string is padded wrongly")
        return bytes(out)


class Decoder:
    """Turns header blocks into header lists; one per connection, since the dynamic table lives in it.

    max_table_size is what our SETTINGS_HEADER_TABLE_SIZE says; max_list_size bounds the decoded list, counted as
    RFC 7541 section 4.1 counts, so that a small block cannot become a large list.
    """

    def __init__(self, max_table_size: int = DEFAULT_TABLE_SIZE, max_list_size: int = 65536) -> None:
        self.max_table_size = max_table_size
        self.max_list_size = max_list_size
        self._capacity = max_table_size
        self._size = 0
        self._entries: list[Header] = []  # newest first, as the indexes count
        self._huffman: _Huffman | None = None

    def decode(self, block: bytes) -> list[Header]:
        """The headers of one complete block, in order. Raises HpackError."""
        headers: list[Header] = []
        list_size = 0
        position = 0
        end = len(block)
        while position < end:
            octet = block[position]
            if octet & 0x80:
                index, position = _integer(block, position, 7)
                header = self._entry(index)
            elif octet & 0xC0 == 0x40:
                header, position = self._literal(block, position, 6)
                self._add(header)
            elif octet & 0xE0 == 0x20:
                if headers:
                    raise HpackError("a table size update comes after the first header of its block")
                size, position = _integer(block, position, 5)
                if size > self.max_table_size:
                    raise HpackError("a table size update exceeds the size that was agreed")
                self._capacity = size
                self._evict(0)
                continue
            else:
                header, position = self._literal(block, position, 4)
            list_size += len(header[0]) + len(header[1]) + ENTRY_OVERHEAD
            if list_size > self.max_list_size:
                raise HpackError(f"a header list is larger than {self.max_list_size} bytes")
            headers.append(header)
        return headers

    def _entry(self, index: int) -> Header:
        if 1 <= index <= len(STATIC_TABLE):
            return STATIC_TABLE[index - 1]
        index -= len(STATIC_TABLE) + 1
        if 0 <= index < len(self._entries):
            return self._entries[index]
        raise HpackError("a header names a table entry that does not exist")

    def _literal(self, block: bytes, position: int, prefix: int) -> tuple[Header, int]:
        index, position = _integer(block, position, prefix)
        if index:
            name = self._entry(index)[0]
        else:
            name, position = self._string(block, position)
        value, position = self._string(block, position)
        return (name, value), position

    def _string(self, block: bytes, position: int) -> tuple[bytes, int]:
        if position >= len(block):
            raise HpackError("a header block ends inside a header")
        coded = block[position] & 0x80
        length, position = _integer(block, position, 7)
        end = position + length
        if end > len(block):
            raise HpackError("a header block ends inside a string")
        text = block[position:end]
        if coded:
            if self._huffman is None:
                self._huffman = _Huffman()
            text = self._huffman.decode(text)
        return text, end

    def _add(self, header: Header) -> None:
        needed = len(header[0]) + len(header[1]) + ENTRY_OVERHEAD
        self._evict(needed)
        if needed <= self._capacity:
            self._entries.insert(0, header)
            self._size += needed

    def _evict(self, needed: int) -> None:
        while self._entries and self._size + needed > self._capacity:
            name, value = self._entries.pop()
            self._size -= len(name) + len(value) + ENTRY_OVERHEAD


class Encoder:
    """Turns header lists into header blocks without a dynamic table, and says so in its first block."""

    def __init__(self) -> None:
        # A size update to zero is valid under every limit the peer may set, now or later (RFC 7541 section 4.2).
        self._preamble = b"\x20"

    def encode(self, headers: Iterable[Header]) -> bytes:
        """One header block. Names must be lower case (RFC 9113 section 8.2)."""
        out = bytearray(self._preamble)
        self._preamble = b""
        for header in headers:
            index = _STATIC_INDEX.get(header)
            if index is not None:
                _put_integer(out, index, 7, 0x80)
                continue
            name, value = header
            name_index = _STATIC_NAME_INDEX.get(name, 0)
            _put_integer(out, name_index, 4, 0x10)
            if not name_index:
                _put_integer(out, len(name), 7, 0)
                out += name
            _put_integer(out, len(value), 7, 0)
            out += value
        return bytes(out)


def _integer(block: bytes, position: int, prefix: int) -> tuple[int, int]:
    """The integer at a position (RFC 7541 section 5.1) and the position after it."""
    limit = (1 << prefix) - 1
    value = block[position] & limit
    position += 1
    if value < limit:
        return value, position
    shift = 0
    while True:
        if position >= len(block):
            raise HpackError("a header block ends inside an integer")
        octet = block[position]
        position += 1
        value += (octet & 0x7F) << shift
        if not octet & 0x80:
            return value, position
        shift += 7
        if shift > 28:
            raise HpackError("an integer in a header block is too large")


def _put_integer(out: bytearray, value: int, prefix: int, flags: int) -> None:
    limit = (1 << prefix) - 1
    if value < limit:
        out.append(flags | value)
        return
    out.append(flags | limit)
    value -= limit
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
