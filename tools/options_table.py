"""Write docs/methods/options.md from the registry: every option of every method.

python tools/options_table.py
"""

from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any, get_args

from seewhy import get_method, list_methods
from seewhy.registry import Family, Listed, declared

PAGE = Path(__file__).parent.parent / "docs" / "methods" / "options.md"
HEAD = """# Every option of every method

Made by `python tools/options_table.py` from the registry; a test holds that it is up to date. In Python an option is a
keyword of `explain`, on the command line it is `-O name=value` ([cli.md](../cli.md)).
"""


def table() -> str:
    methods = list_methods()
    families = [family for family in get_args(Family) if any(one.info.family == family for one in methods)]
    parts = [HEAD]
    for family in families:
        parts.append(f"\n## {family}\n\n| method | option | default | allowed | what it does |\n{'| --- ' * 5}|\n")
        parts += [rows(one) for one in methods if one.info.family == family]
    return "".join(parts)


def rows(method: Listed) -> str:
    options = declared(get_method(method.id)).values()
    if not options:
        return f"| `{method.id}` | none | | | |\n"
    return "".join(
        f"| `{method.id}` | `{one.name}` | {default(one)} | {allowed(one)} | {help_of(one)} |\n" for one in options
    )


def default(option: "Field[Any]") -> str:
    if option.default is not MISSING:
        return f"`{option.default!r}`"
    return "must be given" if option.default_factory is MISSING else f"`{option.default_factory()!r}`"


def allowed(option: "Field[Any]") -> str:
    low, high, choices = (option.metadata.get(key) for key in ("low", "high", "choices"))
    if choices:
        return ", ".join(f"`{one}`" for one in choices)
    if low is None and high is None:
        return ""
    return f"{low} to {high}" if None not in (low, high) else f"from {low}" if high is None else f"up to {high}"


def help_of(option: "Field[Any]") -> str:
    return str(option.metadata["help"]).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(table(), "utf-8")
    print(PAGE)
