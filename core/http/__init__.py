"""
HTTP for site and console alike; plain Python, no framework, imported by no rule.

    edge_middleware.py  outermost ASGI layer: request id, timing, security headers, log line, request log
    request_body.py     size limit of a request's body
    same_origin.py      CSRF check by Sec-Fetch-Site and Origin
    schema_bases.py     bases of the JSON models: answers, bodies, queries
    booking_json.py     a booking as JSON, and an answer to a request
    openapi.py          OpenAPI documents, generated from those models
    slow_clients.py     slow-client protection (slowloris), and a cap of connections per address
    rate_limit_key.py   client address or network, as key of rate limits
    request.py          the services and the sender of a request
    problem_json.py     status of each error, and its problem document (RFC 9457)
"""
