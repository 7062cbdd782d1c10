"""A config file and environment variables that would make Streamlit verbose, open to all, and green."""

COOKIE_SECRET = "a secret that everybody knows"
CONFIG = f"""
[client]
showErrorDetails = "full"
toolbarMode = "developer"
[browser]
gatherUsageStats = true
[server]
enableAgentApi = true
allowedHosts = ["*"]
cookieSecret = "{COOKIE_SECRET}"
enableXsrfProtection = false
baseUrlPath = "elsewhere"
enableStaticServing = true
maxUploadSize = 500
fileWatcherType = "auto"
[logger]
level = "debug"
[runner]
postScriptGC = true
magicEnabled = true
[theme.light]
primaryColor = "#00ff00"
backgroundColor = "#000000"
[theme.dark]
primaryColor = "#00ff00"
"""
ENVIRONMENT = {
    "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true",
    "STREAMLIT_SERVER_ENABLE_AGENT_API": "true",
    "STREAMLIT_SERVER_ALLOWED_HOSTS": "*",
    "STREAMLIT_SERVER_COOKIE_SECRET": COOKIE_SECRET,
    "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
    "STREAMLIT_SERVER_MAX_UPLOAD_SIZE": "500",
    "STREAMLIT_LOGGER_LEVEL": "debug",
    "STREAMLIT_THEME_BASE": "dark",
}
