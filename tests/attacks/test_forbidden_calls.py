"""Nothing in the package can run what a file of a stranger says: the source has none of the calls that do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "paddlex_restful"

FORBIDDEN = frozenset(
    {
        *("eval", "exec", "compile", "__import__", "os.system", "os.popen"),
        *("subprocess.getoutput", "subprocess.getstatusoutput"),
        *("pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads", "shelve.open"),
        *("joblib.load", "dill.load", "dill.loads", "pandas.read_pickle", "pd.read_pickle"),
        *("paddle.load", "torch.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load"),
        "shutil.unpack_archive",
    }
)
SAFE_LOADERS = frozenset({"yaml.SafeLoader", "yaml.CSafeLoader"})
"""Of YAML: they make nothing but plain values."""

FORBIDDEN_METHODS = frozenset({"extract", "extractall"})
"""Of archives: what is unpacked is written by ``datasets/archive.py``."""

UNPICKLERS = {"params/store.py", "training/checkpoint.py"}
"""Where a pickle is read, by an unpickler that knows a handful of names."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield file.relative_to(PACKAGE).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def faults(tree: ast.Module) -> Iterator[str]:
    """What a module calls that it must not, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("pickle", "marshal", "shelve", "dill", "joblib"):
            yield f"{node.lineno}: from {node.module}"
        if not isinstance(node, ast.Call):
            continue
        named = ast.unparse(node.func)
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if named in FORBIDDEN:
            yield f"{node.lineno}: {named}"
        if isinstance(node.func, ast.Attribute) and node.func.attr in FORBIDDEN_METHODS:
            yield f"{node.lineno}: {named}"
        if named in ("np.load", "numpy.load") and keywords.get("allow_pickle") != "False":
            yield f"{node.lineno}: {named} without allow_pickle=False"
        if named == "yaml.load" and keywords.get("Loader") not in SAFE_LOADERS:
            yield f"{node.lineno}: {named} that makes objects"
        if keywords.get("shell", "False") != "False":
            yield f"{node.lineno}: {named} with a shell"


def test_the_package_calls_nothing_that_runs_what_it_reads() -> None:
    found = [f"{name}:{fault}" for name, tree in sources() for fault in faults(tree)]
    assert found == []


def test_pickles_are_read_in_two_places_where_every_name_is_looked_up_in_a_list() -> None:
    found = set()
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any("Unpickler" in ast.unparse(base) for base in node.bases):
                assert "find_class" in {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
                found.add(name)
    assert found == UNPICKLERS


@pytest.mark.parametrize(
    "line",
    [
        "eval(text)",
        "pickle.loads(data)",
        "from pickle import loads",
        "paddle.load(path)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.Loader)",
        "yaml.load(text, Loader=yaml.CLoader)",
        "subprocess.run(text, shell=True)",
        "tarfile.open(path).extractall(folder)",
        "zipfile.ZipFile(path).extract(name)",
        "pickle.Unpickler(file).load()",
    ],
)
def test_the_search_finds_them(line: str) -> None:
    assert list(faults(ast.parse(line)))
