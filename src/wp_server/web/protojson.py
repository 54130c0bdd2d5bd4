"""Requests from paths, queries and bodies, and answers as JSON: the protobuf JSON mapping (server.md §1.7).

Names are lowerCamelCase, those of pages (`page_size`, `next_page_token`, ...) as in the proto file; both spellings are
read. Opaque values of plugins are left out: nobody outside their plugin can read them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from wp_server.errors import InvalidArgument, Violation

OPAQUE = frozenset({"opaqueany.Any", "google.protobuf.Any"})
PAGES = frozenset({"hashicorp.waypoint.PaginationRequest", "hashicorp.waypoint.PaginationResponse"})
PAGE_NAMES = {"pageSize": "page_size", "nextPageToken": "next_page_token", "previousPageToken": "previous_page_token"}

_Tree = dict[str, Any]


def request_from(
    message: Descriptor, path: Mapping[str, str], query: Iterable[tuple[str, str]], body: bytes
) -> Message:
    """Returns the request. Errors: InvalidArgument naming what cannot be read."""
    tree = _body(body)
    for name, text in query:
        _put(message, tree, name, text)
    for name, text in path.items():
        _put(message, tree, name, text)
    try:
        return json_format.ParseDict(tree, GetMessageClass(message)(), max_recursion_depth=64)
    except (json_format.ParseError, ValueError, TypeError, RecursionError) as error:
        raise InvalidArgument(f"The request cannot be read: {error}.") from error


def answer_of(message: Message) -> _Tree:
    """Returns the JSON object of an answer, fields without a value included."""
    shown = type(message)()
    shown.CopyFrom(message)
    _strip(shown)
    tree: _Tree = json_format.MessageToDict(shown, always_print_fields_with_no_presence=True)
    _name_pages(message, tree)
    return tree


def field_of(message: Descriptor, name: str) -> FieldDescriptor | None:
    """Returns the field with this name in either spelling."""
    return message.fields_by_name.get(name) or message.fields_by_camelcase_name.get(name)


def is_map(field: FieldDescriptor) -> bool:
    """Returns whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _body(raw: bytes) -> _Tree:
    if not raw.strip():
        return {}
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"The body is not JSON: {error}.") from error
    if not isinstance(tree, dict):
        raise InvalidArgument("The body must be a JSON object.")
    return tree


def _put(message: Descriptor, tree: _Tree, path: str, text: str) -> None:
    """Puts a text where a dotted path says: repeated fields collect, `labels[key]` is an entry of a map."""
    *holders, last = path.split(".")
    for name in holders:
        field = _known(message, name, path)
        if field.message_type is None or field.is_repeated:
            raise InvalidArgument.of([Violation(path, "cannot be given as a parameter; send it in a JSON body")])
        tree = _inside(tree, field, path)
        message = field.message_type
    name, bracket, key = last.partition("[")
    field = _known(message, name, path)
    if bracket:
        if not is_map(field) or not key.endswith("]"):
            raise InvalidArgument.of([Violation(path, "is not an entry of a map")])
        _inside(tree, field, path)[key[:-1]] = text
    elif field.is_repeated and not is_map(field):
        tree.setdefault(_spelled(tree, field), []).append(_scalar(field, text, path))
    else:
        tree[_spelled(tree, field)] = _scalar(field, text, path)


def _known(message: Descriptor, name: str, path: str) -> FieldDescriptor:
    field = field_of(message, name)
    if field is None:
        raise InvalidArgument.of([Violation(path, "is not a parameter of this call")])
    return field


def _spelled(tree: _Tree, field: FieldDescriptor) -> str:
    return field.name if field.name in tree else field.json_name


def _inside(tree: _Tree, field: FieldDescriptor, path: str) -> _Tree:
    inner = tree.setdefault(_spelled(tree, field), {})
    if not isinstance(inner, dict):
        raise InvalidArgument.of([Violation(path, "is given twice, in different forms")])
    return inner


def _scalar(field: FieldDescriptor, text: str, path: str) -> object:
    if field.message_type is not None:
        if field.message_type.full_name in ("google.protobuf.Timestamp", "google.protobuf.Duration"):
            return text
        if not field.message_type.fields and not text:
            return {}
        raise InvalidArgument.of([Violation(path, "is not a single value; name a field inside it")])
    if field.type == FieldDescriptor.TYPE_BOOL:
        if text.lower() not in ("true", "false", "1", "0"):
            raise InvalidArgument.of([Violation(path, "must be true or false")])
        return text.lower() in ("true", "1")
    if field.type == FieldDescriptor.TYPE_ENUM and text.lstrip("-").isdigit():
        return int(text)
    return text


def _strip(message: Message) -> None:
    for field, value in message.ListFields():
        inner = field.message_type
        if inner is None:
            continue
        if inner.full_name in OPAQUE:
            message.ClearField(field.name)
        elif is_map(field):
            if inner.fields_by_name["value"].message_type is not None:
                for one in value.values():
                    _strip(one)
        else:
            for one in value if field.is_repeated else (value,):
                _strip(one)


def _name_pages(message: Message, tree: _Tree) -> None:
    """Pages occur at the top of an answer only."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.full_name in PAGES and field.json_name in tree:
            page = tree[field.json_name]
            tree[field.json_name] = {PAGE_NAMES.get(name, name): value for name, value in page.items()}
