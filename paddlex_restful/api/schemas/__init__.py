"""What the calls answer, a module a noun: models from which the OpenAPI document and ``docs/api.md`` are made.

Answers are not checked against them on a request; the tests check each answer that they get.
"""

from paddlex_restful.api.schemas.base import Answer, Nothing, Part, Refusal

__all__ = ["Answer", "Nothing", "Part", "Refusal"]
