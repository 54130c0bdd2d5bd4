"""The description of the JSON API (OpenAPI 3.0), made from the descriptors and the routes: it cannot be out of date."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor

from wp_server.auth.rules import RULES
from wp_server.web import protojson
from wp_server.web.routes import JsonRoute, all_routes

_Schema = dict[str, Any]

_STRING: _Schema = {"type": "string"}
_WELL_KNOWN: dict[str, _Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": _STRING,
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Struct": {"type": "object"},
}
_SCALARS: dict[int, _Schema] = {
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "format": "byte"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_UINT32: {"type": "integer", "format": "int64"},
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64"},
    FieldDescriptor.TYPE_UINT64: {"type": "string", "format": "uint64"},
    FieldDescriptor.TYPE_STRING: _STRING,
}
"""64-bit numbers are strings in JSON."""
QUERY_DEPTH = 3
"""Messages inside messages whose fields are listed as query parameters; deeper ones work, too."""
ERROR = "Error"


def document(service: ServiceDescriptor, version: str) -> _Schema:
    """Returns the document for the routes whose RPC this service has."""
    schemas = _Schemas()
    paths: dict[str, _Schema] = {}
    seen: dict[str, int] = {}
    for route in all_routes():
        method = service.methods_by_name.get(route.rpc)
        if method is not None and not method.client_streaming:
            seen[route.rpc] = seen.get(route.rpc, 0) + 1
            name = route.rpc if seen[route.rpc] == 1 else f"{route.rpc}{seen[route.rpc]}"
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(schemas, route, method, name)
    return {
        "openapi": "3.0.3",
        "info": {"title": "Waypoint", "version": version},
        "servers": [{"url": "/v1"}],
        "paths": paths,
        "components": {
            "schemas": {ERROR: _error(), **schemas.made},
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        },
    }


class _Schemas:
    """The schemas that were referred to, by full name without the package of the API."""

    def __init__(self) -> None:
        self.made: dict[str, _Schema] = {}

    def of(self, message: Descriptor) -> _Schema:
        """Returns a reference to the schema of a message, making it first."""
        if message.full_name in _WELL_KNOWN:
            return _WELL_KNOWN[message.full_name]
        name = message.full_name.removeprefix("hashicorp.waypoint.")
        if name not in self.made:
            self.made[name] = {}
            fields = [field for field in message.fields if not _is_opaque(field)]
            pages = message.full_name in protojson.PAGES
            properties = {field.name if pages else field.json_name: self.field(field) for field in fields}
            self.made[name] = {"type": "object", "properties": properties}
        return {"$ref": f"#/components/schemas/{name}"}

    def field(self, field: FieldDescriptor) -> _Schema:
        """Returns the schema of a field."""
        if field.message_type is not None and protojson.is_map(field):
            return {"type": "object", "additionalProperties": self.field(field.message_type.fields_by_name["value"])}
        one = self._one(field)
        return {"type": "array", "items": one} if field.is_repeated else one

    def _one(self, field: FieldDescriptor) -> _Schema:
        if field.message_type is not None:
            return self.of(field.message_type)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        return _SCALARS[field.type]

    @staticmethod
    def _enum(enum: EnumDescriptor) -> _Schema:
        return {"type": "string", "enum": [value.name for value in enum.values]}


def _is_opaque(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.full_name in protojson.OPAQUE


def _operation(schemas: _Schemas, route: JsonRoute, method: MethodDescriptor, name: str) -> _Schema:
    in_path = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]
    parameters = [{"name": one, "in": "path", "required": True, "schema": _STRING} for one in in_path]
    operation: _Schema = {"operationId": name, "tags": ["Waypoint"], "parameters": parameters}
    if route.has_body:
        operation["requestBody"] = {"content": {"application/json": {"schema": schemas.of(method.input_type)}}}
    else:
        parameters += [
            {"name": path, "in": "query", "schema": schema}
            for path, schema in _query(schemas, method.input_type, "", QUERY_DEPTH)
            if path not in in_path
        ]
    answer = schemas.of(method.output_type)
    error = {"$ref": f"#/components/schemas/{ERROR}"}
    media = "application/json"
    if method.server_streaming:
        media = "application/x-ndjson"
        answer = {"type": "object", "properties": {"result": answer, "error": error}}
    operation["responses"] = {
        "200": {"description": "The answer.", "content": {media: {"schema": answer}}},
        "default": {"description": "A refusal.", "content": {"application/json": {"schema": error}}},
    }
    operation["security"] = [] if RULES[method.name].anonymous else [{"token": []}]
    return operation


def _query(schemas: _Schemas, message: Descriptor, prefix: str, depth: int) -> list[tuple[str, _Schema]]:
    found: list[tuple[str, _Schema]] = []
    pages = message.full_name in protojson.PAGES
    for field in message.fields:
        path = f"{prefix}{field.name if pages or prefix else field.json_name}"
        inner = field.message_type
        if inner is None:
            found.append((path, schemas.field(field)))
        elif not field.is_repeated and inner.full_name not in protojson.OPAQUE and depth and inner.fields:
            found += _query(schemas, inner, f"{path}.", depth - 1)
    return found


def _error() -> _Schema:
    detail = {"type": "object", "additionalProperties": _STRING}
    return {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"type": "integer", "description": "The number of the gRPC status."},
            "message": _STRING,
            "details": {"type": "array", "items": detail},
        },
    }
