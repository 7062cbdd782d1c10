"""
Design tokens: the colors, fonts and sizes of the stylesheet, the mails, the console's theme and the charts.

`COLORS[scheme][token]`, with the schemes "light" and "dark". `on_accent` is what is written on `accent`.
"""

COLORS = {
    "light": {
        "paper": "#FBF9F6",
        "card": "#FFFFFF",
        "ink": "#1B2430",
        "soft": "#566173",
        "line": "#DAD5CC",
        "accent": "#B4361F",
        "on_accent": "#FFFFFF",
        "navy": "#17324D",
        "ok": "#1B6B45",
        "warn": "#8A5200",
        "bad": "#A3212B",
    },
    "dark": {
        "paper": "#12171E",
        "card": "#1B222C",
        "ink": "#F1EEE9",
        "soft": "#AAB4C2",
        "line": "#34404F",
        "accent": "#FF8A66",
        "on_accent": "#1B0E09",
        "navy": "#9CC3E6",
        "ok": "#6FCF9B",
        "warn": "#F2B35E",
        "bad": "#FF9A94",
    },
}

# Series of a chart, in order.
CHART_COLORS = {
    "light": ("#17324D", "#B4361F", "#2F7F86", "#B27A00", "#6A4C93", "#5B6B2E"),
    "dark": ("#9CC3E6", "#FF8A66", "#6CC7CC", "#F2B35E", "#C3A6E8", "#B5C77A"),
}

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
CORNER_PX = 6
MAIL_WIDTH_PX = 600  # of a mail's column
