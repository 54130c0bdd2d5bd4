"""Protobuf's binary form for the generated classes of `messages`: tables in, bytes out, and back.

Fields that a class does not name are skipped, whatever they hold. Strings keep bytes that are not UTF-8 as
surrogates, so that a value survives the way from the wire to a process's environment unchanged.
"""

from __future__ import annotations

STRING, BYTES, BOOL, INT32, UINT32, INT64, UINT64, MESSAGE, STRING_MAP = range(9)
"""Kinds of field. An enum travels as INT32."""

_VARINT, _FIXED64, _LENGTH, _GROUP, _END_GROUP, _FIXED32 = range(6)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Self = TypeVar("Self", bound="Message")


class DecodeError(ValueError):
    """The bytes are not a message."""


_SMALL_VARINTS = [bytes((value,)) for value in range(128)]


def varint(value: int) -> bytes:
    """A base-128 number; a negative one as its 64-bit complement."""
    if 0 <= value < 128:
        return _SMALL_VARINTS[value]
    if value < 0:
        value += 1 << 64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Field:
    """One row of a message's table. siblings are the other members of its oneof; explicit means unset is None."""

    __slots__ = ("delimited", "explicit", "kind", "message", "name", "number", "repeated", "siblings", "tag")

    def __init__(
        self,
        number: int,
        name: str,
        kind: int,
        message: type[Message] | None = None,
        repeated: bool = False,
        explicit: bool = False,
        siblings: tuple[str, ...] = (),
    ) -> None:
        self.number = number
        self.name = name
        self.kind = kind
        self.message = message
        self.repeated = repeated
        self.explicit = explicit
        self.siblings = siblings
        self.delimited = kind in (STRING, BYTES, MESSAGE, STRING_MAP)
        self.tag = varint(number << 3 | (_LENGTH if self.delimited else _VARINT))


class Message:
    """What every generated class does."""

    __slots__ = ()
    FIELDS: tuple[Field, ...] = ()
    BY_NUMBER: dict[int, Field] = {}

    def __init_subclass__(cls) -> None:
        cls.BY_NUMBER = {field.number: field for field in cls.FIELDS}

    def encode(self) -> bytes:
        """The binary form; fields that hold their default are left out, as proto3 does."""
        out = bytearray()
        for field in self.FIELDS:
            value = getattr(self, field.name)
            if not value and (value is None or not field.explicit):
                continue
            if field.kind == STRING_MAP:
                for key, text in value.items():
                    entry = b"\n" + _delimited(key.encode("utf-8", "surrogateescape"))
                    entry += b"\x12" + _delimited(text.encode("utf-8", "surrogateescape"))
                    out += field.tag + _delimited(entry)
            elif not field.repeated:
                out += field.tag
                out += _encoded(field.kind, value)
            elif field.delimited:
                for item in value:
                    out += field.tag
                    out += _encoded(field.kind, item)
            else:
                out += varint(field.number << 3 | _LENGTH)
                out += _delimited(b"".join([_encoded(field.kind, item) for item in value]))
        return bytes(out)

    @classmethod
    def decode(cls: type[Self], data: bytes) -> Self:
        """The message in these bytes. Raises DecodeError."""
        message = cls()
        message._merge(data, 0, len(data))
        return message

    def _merge(self, data: bytes, position: int, end: int) -> None:
        while position < end:
            tag, position = _read_varint(data, position, end)
            wire = tag & 7
            if not tag >> 3:
                raise DecodeError("a field has the number 0")
            field = self.BY_NUMBER.get(tag >> 3)
            if wire == _VARINT:
                number, position = _read_varint(data, position, end)
                if field is not None and not field.delimited:
                    self._set(field, _scalar(field.kind, number))
            elif wire == _LENGTH:
                length, position = _read_varint(data, position, end)
                start, position = position, position + length
                if position > end:
                    raise DecodeError("a message ends inside a field")
                if field is not None:
                    self._set_delimited(field, data, start, position)
            else:
                position = _skip(data, tag, position, end)

    def _set_delimited(self, field: Field, data: bytes, start: int, end: int) -> None:
        kind = field.kind
        if kind == STRING:
            self._set(field, data[start:end].decode("utf-8", "surrogateescape"))
        elif kind == BYTES:
            self._set(field, data[start:end])
        elif kind == MESSAGE:
            assert field.message is not None
            message = None if field.repeated else getattr(self, field.name)
            if message is None:
                message = field.message()
            message._merge(data, start, end)
            self._set(field, message)
        elif kind == STRING_MAP:
            entry = _MapEntry()
            entry._merge(data, start, end)
            getattr(self, field.name)[entry.key] = entry.value
        elif field.repeated:
            while start < end:
                number, start = _read_varint(data, start, end)
                self._set(field, _scalar(kind, number))

    def _set(self, field: Field, value: Any) -> None:
        if field.repeated:
            getattr(self, field.name).append(value)
            return
        for sibling in field.siblings:
            setattr(self, sibling, None)
        setattr(self, field.name, value)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, field.name) == getattr(other, field.name) for field in self.FIELDS)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        # Names only: values may be secrets, and a repr ends in logs.
        names = [field.name for field in self.FIELDS if getattr(self, field.name)]
        return f"<{type(self).__name__} {', '.join(names) or 'empty'}>"


class _MapEntry(Message):
    __slots__ = ("key", "value")
    FIELDS = (Field(1, "key", STRING), Field(2, "value", STRING))

    def __init__(self) -> None:
        self.key = ""
        self.value = ""


def _delimited(data: bytes) -> bytes:
    return varint(len(data)) + data


def _encoded(kind: int, value: Any) -> bytes:
    if kind == STRING:
        data = value.encode("utf-8", "surrogateescape")
    elif kind == BYTES:
        data = value
    elif kind == MESSAGE:
        data = value.encode()
    else:
        return varint(int(value))
    return varint(len(data)) + data


def _scalar(kind: int, number: int) -> int:
    if kind == BOOL:
        return number != 0
    if kind == INT32:
        number &= 0xFFFFFFFF
        return number - (1 << 32) if number >> 31 else number
    if kind == UINT32:
        return number & 0xFFFFFFFF
    if kind == INT64:
        return number - (1 << 64) if number >> 63 else number
    return number


def _read_varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    value = 0
    shift = 0
    while position < end:
        octet = data[position]
        position += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
        if shift > 63:
            raise DecodeError("a number is longer than ten bytes")
    raise DecodeError("a message ends inside a number")


def _skip(data: bytes, tag: int, position: int, end: int) -> int:
    """The position after a field of fixed size, or after a group with all it holds."""
    depth = 0
    while True:
        wire = tag & 7
        if not tag >> 3:
            raise DecodeError("a field has the number 0")
        if wire == _FIXED64:
            position += 8
        elif wire == _FIXED32:
            position += 4
        elif wire == _VARINT:
            _, position = _read_varint(data, position, end)
        elif wire == _LENGTH:
            length, position = _read_varint(data, position, end)
            position += length
        elif wire == _GROUP:
            depth += 1
        elif wire == _END_GROUP and depth:
            depth -= 1
        else:
            raise DecodeError("a field has an unknown wire type")
        if position > end:
            raise DecodeError("a message ends inside a field")
        if not depth:
            return position
        tag, position = _read_varint(data, position, end)
