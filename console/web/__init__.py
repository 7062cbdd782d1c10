"""
The console's ASGI application: Starlette routes in front of Streamlit.

    server.py             the application factory, its routes, its content security policy
    streamlit_options.py  every option of Streamlit, set in code
    session_gate.py       ASGI middleware: the right host, and a live session for all that is Streamlit's
    cookies.py            the session cookie
    sign_in.py            sign-in by password or mailed link, sign-out
    openid_connect.py     sign-in by OpenID Connect
    api_auth.py           authentication of the JSON API: session cookie or bearer key, CSRF check
    staff_api.py          the staff's JSON API: pending requests, decisions, problem documents
    monitoring_api.py     the monitor's JSON API, for admins
    photo_upload_api.py   photo upload over HTTP
    originals.py          an uploaded original, for those who may change it
    schemas.py            models of the API's bodies and answers
    openapi.py            the API's OpenAPI document
    file_downloads.py     download buttons: a file made on request, with permissions checked again
"""
