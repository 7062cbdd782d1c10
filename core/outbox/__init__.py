"""
The outbox: a table of messages, each written in the transaction of its cause and sent later, at least once.

    kinds.py              registry of the kinds of mail
    models.py             the table
    messages.py           messages, added, looked up, retried, dropped, held
    lanes.py              lanes: separate queues for mail, alerts and the webhook
    claims.py             claim and lease of due rows, and the record of what became of them
    circuit_breaker.py    circuit breaker of the mail server
    delivery_failures.py  exceptions of the transports
    metrics.py            how many messages are due, and for how long
"""
