"""A form of training parameters, made from their schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from paddlex_restful.language import clause
from paddlex_restful.language import gettext as _
from paddlex_restful.params.fields import Field

NOTHING = "-"
"""What a choice gives for the value that is none."""

Id = dict[str, Any]

_GROUPS: Mapping[str, Callable[[], str]] = {
    "training": lambda: _("Course of the training"),
    "rate": lambda: _("How the learning rate changes"),
    "geometry": lambda: _("Random changes: geometry"),
    "colour": lambda: _("Random changes: colours"),
    "net": lambda: _("The net and its input"),
}


def form(
    fields: Sequence[Field],
    values: Mapping[str, Any],
    defaults: Mapping[str, Any],
    choices: Mapping[str, Sequence[Mapping[str, str]]],
) -> Component:
    """The form: the essential parameters open, the others folded, by groups.

    The values are read with ``values_of`` from the components with the ids ``input_id(ALL, ALL)`` (``value``) and
    ``switch_id(ALL, ALL)`` (``checked``).

    Args:
        fields: its parameters.
        values: what stands in it, by parameter.
        defaults: the default values.
        choices: by parameter, the choices of those whose schema does not tell them.
    """
    essential = [_control(field, values, defaults, choices) for field in fields if field.group == "essential"]
    items = [
        dmc.AccordionItem(
            [
                dmc.AccordionControl(title()),
                dmc.AccordionPanel(
                    _grid([_control(field, values, defaults, choices) for field in fields if field.group == group])
                ),
            ],
            value=group,
        )
        for group, title in _GROUPS.items()
        if any(field.group == group for field in fields)
    ]
    return dmc.Stack([_grid(essential), dmc.Accordion(items, multiple=True, variant="contained", value=[])])


def input_id(name: Any, part: Any) -> Id:
    """Id of the input of a part of a parameter."""
    return {"form": "input", "name": name, "part": part}


def switch_id(name: Any, part: Any) -> Id:
    """Id of the switch of a part of a parameter."""
    return {"form": "switch", "name": name, "part": part}


def parts_id(name: Any) -> Id:
    """Id of what surrounds the inputs of a parameter that has several."""
    return {"form": "parts", "name": name}


def row_id(name: Any) -> Id:
    """Id of what surrounds a parameter."""
    return {"form": "row", "name": name}


def row_class(changed: bool) -> str:
    """The style of what surrounds a parameter.

    Args:
        changed: whether it differs from its default.
    """
    return "parameter parameter-changed" if changed else "parameter"


def values_of(ids: Sequence[Id], values: Sequence[Any]) -> dict[str, Any]:
    """The parameters that a form holds.

    Args:
        ids: of its inputs and switches.
        values: of each.

    Returns:
        By parameter its value, or the list of its parts.
    """
    found: dict[str, Any] = {}
    for each, value in zip(ids, values, strict=True):
        plain = None if value == NOTHING else value
        if each["part"] < 0:
            found[each["name"]] = plain
        else:
            found.setdefault(each["name"], []).append(plain)
    return found


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return _("none")
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, list):
        return ", ".join(shown(each) for each in value)
    # People read 0.00006 more easily than 6e-05, and it is what stands in the field.
    return f"{value:.12f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _grid(controls: Sequence[Component]) -> Component:
    return dmc.SimpleGrid(list(controls), cols={"base": 1, "sm": 2}, spacing="lg", verticalSpacing="md")


def _control(
    field: Field,
    values: Mapping[str, Any],
    defaults: Mapping[str, Any],
    choices: Mapping[str, Sequence[Mapping[str, str]]],
) -> Component:
    value, default = values[field.name], defaults[field.name]
    offered = choices.get(field.name)
    limits = "" if field.kind == "switch" or offered else clause(field.expected).strip()
    usual = _("default: {value}").format(value=shown(default))
    told = [
        html.Span(_(field.help)),
        html.Br(),
        html.Span(_("{limits}; {usual}").format(limits=limits, usual=usual) if limits else usual),
    ]
    control = _parts(field, value, told) if field.parts else _single(field, value, told, offered)
    return html.Div(control, id=row_id(field.name), className=row_class(value != default))


def _single(
    field: Field, value: Any, told: Sequence[Component], offered: Sequence[Mapping[str, str]] | None
) -> Component:
    title = _(field.title)
    if field.kind == "switch":
        return dmc.Switch(id=switch_id(field.name, -1), checked=value, label=title, description=list(told))
    place = input_id(field.name, -1)
    if offered is not None or field.kind == "choice":
        data = offered if offered is not None else field.choices
        picked = NOTHING if value is None else value
        return dmc.Select(
            id=place, value=picked, data=list(data), label=title, description=list(told), allowDeselect=False
        )
    if field.kind in ("whole", "number"):
        return _number(place, field, value, label=title, description=list(told))
    text = ", ".join(map(str, value)) if isinstance(value, list) else value or ""
    return dmc.TextInput(id=place, value=text, label=title, description=list(told))


def _parts(field: Field, value: Sequence[Any], told: Sequence[Component]) -> Component:
    title = _(field.title)
    inputs: list[Component] = []
    for part, (name, each) in enumerate(zip(field.parts, value, strict=True)):
        called = _(name)
        if field.kind == "switch":
            inputs.append(dmc.Switch(id=switch_id(field.name, part), checked=each, label=called, size="sm"))
        else:
            spoken = {"aria-label": _("{name}: {value}").format(name=title, value=called)}
            inputs.append(_number(input_id(field.name, part), field, each, placeholder=called, flex=1, miw=0, **spoken))
    return dmc.InputWrapper(
        dmc.Group(inputs, gap="xs", wrap="nowrap", align="flex-start", mt=4),
        id=parts_id(field.name),
        label=title,
        description=list(told),
        labelElement="div",
    )


def _number(place: Id, field: Field, value: Any, **properties: Any) -> Component:
    return dmc.NumberInput(
        id=place,
        value=value,
        # What lies outside is told at the field, in words, not put right in silence.
        clampBehavior="none",
        allowDecimal=field.kind == "number",
        min=field.least,
        max=field.most,
        hideControls=field.kind == "number",
        **properties,
    )
