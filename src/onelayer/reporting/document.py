"""A page as one HTML document: templates, style, scripts and data in one file."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup

from onelayer.reporting.inlining import deflated_plotly, json_script, policy, theme_variables
from onelayer.reporting.templating import templates, text_of
from onelayer.version import __version__

__all__ = ["render"]

_FOLDER: Final = "reporting/templates"


def render(template: str, *, payload: dict[str, Any], live_script: str = "", **values: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a template that extends ``base.html.j2``.
    payload : dict
        What the page's script takes; ``charts`` at least.
    live_script : str
        A second script, for a page that is fed by the server it is from; only with it may the page connect to that.
    values : of any type
        What the template takes; text in them is escaped.
    """
    script = text_of(_FOLDER, "report.js")
    plotly, plotly_source = deflated_plotly()
    return (
        templates(_FOLDER)
        .get_template(template)
        .render(
            payload=json_script(payload),
            script=Markup(script),  # noqa: S704 (ours)
            style=Markup(text_of(_FOLDER, "report.css")),  # noqa: S704 (ours)
            colors=theme_variables(),
            plotly=plotly,
            live_script=Markup(live_script),  # noqa: S704 (ours)
            policy=Markup(_policy(script, plotly_source, live_script)),  # noqa: S704 (ours)
            version=__version__,
            **values,
        )
    )


def _policy(script: str, plotly_source: str, live_script: str) -> str:
    if not live_script:
        return policy(script, plotly_source)
    return f"{policy(script, plotly_source, live_script)}; connect-src 'self'"
