"""The text fields of an app, out of its OpenAPI document: a new one cannot be overlooked."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]  # Any: JSON
NO_TEXT = {"binary", "uuid", "date-time"}
SHARED = {
    "POST /emails: body to",
    "POST /emails: body subject",
    "POST /emails: body body",
    "POST /reports: body title",
}


def find_text_fields(document: Schema) -> set[str]:
    """Return each field of a request that takes text, such as `POST /emails: body subject`."""
    return {
        f"{method.upper()} {path}: {name}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for name in _texts_of(document, operation)
    }


def _texts_of(document: Schema, operation: Schema) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        name = f"{parameter['in']} {parameter['name']}"
        yield from _texts_in(document, parameter["schema"], name)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for name in _texts_in(document, content["schema"], ""):
            yield f"body {name.removeprefix('.')}"


def _texts_in(document: Schema, schema: Schema, name: str) -> Iterator[str]:
    """Yield the names of the texts in a schema: `[]` are items, `{}` the names of a mapping."""
    if reference := schema.get("$ref"):
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    is_free = not schema.keys() & {"enum", "const", "contentMediaType"}
    if schema.get("type") == "string" and is_free and schema.get("format") not in NO_TEXT:
        yield name
    values = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
    values = [each for each in values if isinstance(each, dict)]
    if values:
        yield f"{name}{{}}"
    inner = [(name, each) for each in schema.get("anyOf", [])]
    inner += [(f"{name}.{key}", each) for key, each in schema.get("properties", {}).items()]
    inner += [(f"{name}[]", schema["items"])] if "items" in schema else []
    inner += [(f"{name}{{}}=", each) for each in values]
    for inner_name, each in inner:
        yield from _texts_in(document, each, inner_name)
