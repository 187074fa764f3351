"""Sentences on the attributes of entries, read and changed through /workspace."""

from __future__ import annotations

STRUCT_AND_ID = "struct and id belong together: give both, or neither for the folder of the workspace."
UNKNOWN_STRUCT = "struct {struct!r} is not known: take dataset, project or task."
UNKNOWN_ATTRIBUTE = "A {struct} has no attribute {names}: ask for some of {known}."
NOT_CHANGEABLE = "Attribute {names} of a {struct} cannot be changed: only {changeable} can."
NOT_TEXT = "attr_dict[{name!r}] must be text."
EMPTY_NAME = "The name must not be empty: give the {struct} some name."
TOO_LONG = "attr_dict[{name!r}] must have at most {limit} characters."
