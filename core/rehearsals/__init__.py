"""
Practice requests: one takes the whole way of a request, mails included, but is no booking and concerns its coach alone.

    models.py    the table of practice requests
    practice.py  begin, answer and expire one
"""
