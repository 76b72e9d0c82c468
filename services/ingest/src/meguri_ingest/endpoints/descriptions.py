"""Bodies that are judged item by item, as the description of the API shows them."""

from typing import Any

from pydantic import BaseModel


def json_body(model: type[BaseModel], **others: str) -> dict[str, Any]:
    """The description of a body that is the model as JSON, or another type described by a sentence."""
    schema = model.model_json_schema()
    content: dict[str, Any] = {"application/json": {"schema": _inlined(schema, schema.get("$defs", {}))}}
    for media_type, sentence in others.items():
        content[media_type.replace("_", "/")] = {"schema": {"type": "string", "description": sentence}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The schema with each reference to a definition replaced by it."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items() if name != "$defs"}
