"""
What site and console say alike over HTTP; plain Python, no framework, imported by no rule.

    edge        around every answer: request id, time taken, security headers, one log line
    body        how much of it is read
    origin      did this form come from our own page?
    schemas     bases of the JSON models: answers, bodies, queries
    bookings    a booking as JSON, and an answer to a request
    openapi     OpenAPI documents, generated from those models
    connections slow clients are closed; a cap per address
    sender      where it came from, for counting
    request     the services and the sender of a request
    problems    the status of each error, and its JSON (RFC 9457)
"""
