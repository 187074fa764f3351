"""What surrounds all pages: header, navigation, language, colours; and the callback that shows an address's page."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from paddlex_restful.language import LANGUAGES, current
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services
from paddlex_restful.web import routes
from paddlex_restful.web.parts import notices
from paddlex_restful.web.parts.icons import icon

NAME = "PaddleX RESTful"

THEME = {
    "primaryColor": "indigo",
    "defaultRadius": "md",
    "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', sans-serif",
    "headings": {"fontWeight": "600"},
}


def layout() -> Component:
    """The frame, without a page in it yet."""
    return dmc.MantineProvider(
        theme=THEME,
        defaultColorScheme="auto",
        children=[
            dcc.Location(id="address", refresh="callback-nav"),
            dcc.Store(id="title"),
            dmc.NotificationContainer(id=notices.ID, position="top-right"),
            dmc.AppShell(
                id="shell",
                header={"height": 56},
                navbar={"width": 216, "breakpoint": "sm", "collapsed": {"mobile": True}},
                padding={"base": "sm", "sm": "lg"},
                children=[
                    html.A(_("Skip to the content"), href="#content", className="skip"),
                    dmc.AppShellHeader(_header(), px="md"),
                    dmc.AppShellNavbar(html.Nav(id="sections", **{"aria-label": _("Main")}), p="xs"),
                    dmc.AppShellMain(html.Div(id="content", role="main", tabIndex="-1")),
                ],
            ),
        ],
    )


def _header() -> Component:
    languages = [{"value": code, "label": name} for code, name in LANGUAGES.items()]
    return dmc.Group(
        [
            dmc.Group(
                [
                    dmc.Burger(id="burger", size="sm", hiddenFrom="sm", opened=False, **{"aria-label": _("Menu")}),
                    dcc.Link(
                        [html.Span(className="mark"), dmc.Text(NAME, fw=600, visibleFrom="xs")],
                        href="/",
                        className="brand",
                        title=NAME,
                    ),
                ],
                gap="sm",
                wrap="nowrap",
            ),
            dmc.Group(
                [
                    dmc.SegmentedControl(
                        id="language", data=languages, value=current(), size="xs", **{"aria-label": _("Language")}
                    ),
                    dmc.ColorSchemeToggle(
                        lightIcon=icon("moon"),
                        darkIcon=icon("sun"),
                        variant="subtle",
                        color="gray",
                        size="lg",
                        id="colours",
                        **{"aria-label": _("Light or dark")},
                    ),
                ],
                gap="xs",
                wrap="nowrap",
            ),
        ],
        justify="space-between",
        wrap="nowrap",
        h="100%",
    )


def _sections(section: str) -> list[Component]:
    links = (
        ("home", "/", _("Home"), "home"),
        ("datasets", "/datasets", _("Datasets"), "images"),
        ("projects", "/projects", _("Projects"), "folder"),
        ("models", "/models", _("Models"), "box"),
        ("server", "/server", _("Server"), "server"),
    )
    return [
        dmc.NavLink(label=label, href=href, leftSection=icon(name), active=key == section, refresh=False)
        for key, href, label, name in links
    ]


def register(site: Dash, services: Services) -> None:
    """Declare the callbacks of the frame."""

    @site.callback(
        Output("content", "children"),
        Output("sections", "children"),
        Output("title", "data"),
        Input("address", "pathname"),
        State("address", "search"),
    )
    def show(address: str | None, search: str | None) -> tuple[Any, list[Component], str]:
        found = routes.find(address or "/")
        if found is None:
            lost = notices.problem(_("There is no such page: {address}").format(address=address))
            return lost, _sections(""), NAME
        page, values = found
        try:
            content = page.layout(services, **values)
        except Exception as error:  # noqa: BLE001 - what is no refusal goes into the log with its traceback
            content = notices.problem(notices.words(error))
        return content, _sections(page.section), f"{page.title()} · {NAME}"

    def script(function: str, *dependencies: Input | Output | State) -> None:
        site.clientside_callback(ClientsideFunction("shell", function), *dependencies, prevent_initial_call=True)

    script("setTitle", Input("title", "data"))
    script("setLanguage", Input("language", "value"))
    script(
        "toggleMenu",
        Output("shell", "navbar"),
        Output("shell", "className"),
        Input("burger", "opened"),
        State("shell", "navbar"),
    )
    script("closeMenu", Output("burger", "opened"), Input("address", "pathname"))
