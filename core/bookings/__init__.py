"""
A booking's life, one module a verb:

    wanted       what a parent asks for, read and checked
    requests     – → PENDING, or APPROVED where no asking is needed
    decisions    PENDING → APPROVED, DENIED
    expiry       PENDING → EXPIRED
    changes      PENDING, APPROVED → CANCELLED
    transition   the one conditional update behind them all; `history` its row
"""
