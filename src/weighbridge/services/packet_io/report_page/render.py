"""The view laid into the templates. No script, no address outside the packet, nothing of a text taken as markup."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.report_page.build import view_of

if TYPE_CHECKING:
    from jinja2 import Template


def page(c: Contents) -> str:
    """The page of a packet: equal records give equal bytes. ValueError without decision.json or runtime.json."""
    return _template().render(view=view_of(c)) + "\n"


@cache
def _template() -> Template:
    """The library is imported here, for the first page: a start of the program needs none of it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("weighbridge.services.packet_io.report_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template("report.html")
