"""Every answer that a test gets is compared with the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs

from paddlex_restful.api.openapi import openapi


def check_answer(method: str, path: str, answer: Any) -> None:
    """Fail where an answer of a call in JSON is none that the document has; calls without a document are left alone."""
    validator = _validator(method, path)
    if validator is None:
        return
    if not validator.is_valid(answer):
        told = "\n".join(f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(answer))
        raise AssertionError(f"the answer of {method} {path} is not documented:\n{told[:4000]}\n\n{str(answer)[:2000]}")


@cache
def _validator(method: str, path: str) -> Any:
    document = openapi()
    operation = document["paths"].get(path, {}).get(method.lower())
    if operation is None:
        return None
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
