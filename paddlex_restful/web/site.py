"""Makes the page's application."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import dash
from flask import Flask, Response

from paddlex_restful.api import headers
from paddlex_restful.language import current
from paddlex_restful.language import gettext as _
from paddlex_restful.services import Services
from paddlex_restful.web import findings, images, routes, shell
from paddlex_restful.web.pages.dataset import frame as dataset_frame
from paddlex_restful.web.pages.task import frame
from paddlex_restful.web.parts import notices
from paddlex_restful.web.shell import NAME

_INDEX = """\
<!doctype html>
<html lang="{language}">
<head>
{metas}
<title>{title}</title>
<link rel="icon" href="{icon}">
{css}
</head>
<body>
{app_entry}
<footer>{config}{scripts}{renderer}</footer>
</body>
</html>
"""

_ENTRY = """\
<div id="react-entry-point"><div class="opening" role="status"><span class="opening-mark"></span>{name}</div></div>
<noscript>{noscript}</noscript>
"""


class _Site(dash.Dash):
    def interpolate_index(self, **parts: Any) -> str:
        needed = _("This page needs JavaScript; /docs/ has the calls for programs.")
        entry = _ENTRY.format(name=NAME, noscript=escape(needed))
        wanted = {name: parts[name] for name in ("metas", "css", "config", "scripts", "renderer")}
        icon = self.get_asset_url("favicon.svg")
        return _INDEX.format(icon=icon, language=escape(current()), title=NAME, app_entry=entry, **wanted)


def build(services: Services, prefix: str, limits: Mapping[str, int]) -> Flask:
    """Make the application.

    Args:
        services: what the page works on.
        prefix: the address below which it lies, with slashes at both ends.
        limits: settings of Flask for what a request may hold.
    """
    server = Flask("paddlex_restful.web")
    server.config.update(limits)
    site = _Site(
        NAME,
        server=server,
        routes_pathname_prefix=prefix,
        requests_pathname_prefix=prefix,
        assets_folder=str(Path(__file__).parent / "assets"),
        title=NAME,
        update_title="",
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        on_error=_tell,
        enable_mcp=False,
        add_log_handler=False,
    )
    site.layout = shell.layout
    shell.register(site, services)
    frame.register(site, services)
    dataset_frame.register(site, services)
    for page in routes.PAGES:
        page.register(site, services)
    for blueprint in (images.blueprint(services), findings.blueprint(services)):
        server.register_blueprint(blueprint, url_prefix=prefix.rstrip("/"))
    site.setup_startup_routes()
    hashes = site.csp_hashes()

    @server.after_request
    def protect(response: Response) -> Response:
        if response.mimetype == "text/html":
            return headers.as_page(response, hashes)
        return response

    return server


def _tell(error: Exception) -> None:
    """Tell above the page what a callback could not do; what it would have changed there stays."""
    dash.set_props(notices.ID, {"sendNotifications": [notices.refusal(error)]})
