"""What a name may be when an entry is made, it may be when it is changed."""

from __future__ import annotations

import pytest

from tests.conftest import Server


@pytest.mark.parametrize(("attribute", "limit"), [("name", 256), ("desc", 4096)])
def test_names_and_descriptions_are_limited_alike_in_the_making_and_the_change(
    shared_server: Server, attribute: str, limit: int
) -> None:
    longest, longer = "长" * limit, "长" * (limit + 1)
    made = {"name": "n", "project_type": "classification"}
    pid = shared_server.ok("POST", "/project", **{**made, attribute: longest})["pid"]
    assert f"{limit} characters" in shared_server.refused("POST", "/project", **{**made, attribute: longer})
    entry = {"struct": "project", "id": pid}
    shared_server.ok("PUT", "/workspace", **entry, attr_dict={attribute: longest[::-1]})
    message = shared_server.refused("PUT", "/workspace", **entry, attr_dict={attribute: longer})
    assert message == f"attr_dict['{attribute}'] must have at most {limit} characters."
    assert shared_server.ok("GET", "/workspace", **entry)["attr"][attribute] == longest


def test_struct_and_id_are_asked_for_together(shared_server: Server) -> None:
    for args in ({"struct": "project"}, {"id": "P0001"}):
        assert "give both, or neither" in shared_server.refused("GET", "/workspace", **args)
