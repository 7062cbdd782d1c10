"""Streamlit's configuration, set in code: its environment variables and config files have no effect here."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

from streamlit import config
from streamlit.config_option import ConfigOption

from core.images.intake import MAX_BYTES
from core.platform import theme
from core.platform.settings import Settings

MAX_UPLOAD_MB = MAX_BYTES >> 20
WHERE = "console/web/streamlit_options.py"


# Streamlit writes white on every primary button: on the dark theme's accent nobody could read it. Its chosen part of a
# row of choices is written in the accent on a tint of it, which is too pale under the pointer. The sound has no picture.
STYLE = (
    "<style>@media (prefers-color-scheme: dark) { [data-testid^=stBaseButton-primary], "
    f"[data-testid^=stBaseButton-primary] p {{ color: {theme.COLORS['dark']['on_accent']} }} "
    f"[data-testid=stButtonGroup] button p {{ color: {theme.COLORS['dark']['ink']} }} }} "
    "@media not (prefers-color-scheme: dark) { "
    f"[data-testid=stButtonGroup] button p {{ color: {theme.COLORS['light']['ink']} }} }} "
    "[data-testid=stButtonGroup] button { padding-inline: 0.65rem } "  # four of them fit on a phone
    "@media (max-width: 640px) { input, textarea, [data-baseweb=select] * { font-size: 16px !important } } "  # else iPhones zoom
    ".st-key-sound { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }</style>"
)


def set_options(settings: Settings) -> None:
    """Set Streamlit's options; those that a file or the environment has set are reset first. Call before building the app."""
    for name, option in list(config.get_config_options().items()):
        if option.where_defined != ConfigOption.DEFAULT_DEFINITION:
            config.set_option(name, option.default_val, WHERE)
    for name, value in options(settings).items():
        config.set_option(name, value, WHERE)


def options(settings: Settings) -> dict[str, Any]:
    """The options by Streamlit's names: error display, security, limits, and the light and dark themes."""
    return {
        "client.showErrorDetails": "none",  # the default shows a traceback to whoever looks
        "client.toolbarMode": "minimal",
        "browser.gatherUsageStats": False,  # the default has the browser call a foreign address
        "server.enableAgentApi": False,  # drives the application without a browser
        "server.allowedHosts": [urlsplit(settings.console_url).hostname],
        "server.cookieSecret": hashlib.sha256(f"console {settings.signing_keys()[0]}".encode()).hexdigest(),
        "server.baseUrlPath": "",
        "server.enableStaticServing": False,
        "server.enableXsrfProtection": True,
        "server.maxUploadSize": MAX_UPLOAD_MB,
        "server.fileWatcherType": "none",
        "server.headless": True,
        "logger.level": "warning",  # at its default Streamlit prints access lines, and addresses carry secrets
        "runner.postScriptGC": False,  # else every run of every tab collects all garbage: most of a core for thirty tabs
        "runner.magicEnabled": False,
        **_theme("light"),
        **_theme("dark"),
    }


def _theme(scheme: str) -> dict[str, Any]:
    colors = theme.COLORS[scheme]
    values = {
        "primaryColor": colors["accent"],
        "backgroundColor": colors["paper"],
        "secondaryBackgroundColor": colors["card"],
        "textColor": colors["ink"],
        "linkColor": colors["accent"],
        "borderColor": colors["line"],
        "redColor": colors["bad"],
        "orangeColor": colors["warn"],
        "greenColor": colors["ok"],
        "blueColor": colors["navy"],
        "redTextColor": colors["bad"],
        "orangeTextColor": colors["warn"],
        "greenTextColor": colors["ok"],
        "font": theme.FONT,
        "headingFontSizes": ["2.07rem", "1.2rem", "1.1rem", "1rem", "1rem", "1rem"],
        "baseRadius": f"{theme.CORNER_PX}px",
        "showWidgetBorder": True,
        "chartCategoricalColors": list(theme.CHART_COLORS[scheme]),
        "sidebar.backgroundColor": colors["card"],
    }
    return {f"theme.{scheme}.{name}": value for name, value in values.items()}
