"""
A booking's life, one module a verb:

    wanted       what a parent asks for, read and checked
    requests     – → PENDING, or APPROVED where no asking is needed
    strangers    how many may come from one network; above that the family confirms by mail (`unconfirmed`)
    decisions    PENDING → APPROVED, DENIED
    expiry       PENDING → EXPIRED
    changes      PENDING, APPROVED → CANCELLED
    family_mail  a mail went astray: the address is corrected, the link sent again
    attendance   did they come? `notes` for oneself
    retention    names are taken away, years later
    terms        of cancelling; `shown` whether a form showed what is so; `concerns` what speaks against approving
    after_all    DENIED, EXPIRED → APPROVED, by an admin
    transition   the one conditional update behind them all; `history` its row, `holds` the time it keeps
    queries      bookings, found; `lists` for the staff, `whose` the scope of each
"""
