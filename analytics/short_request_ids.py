"""
Compression of request ids in the archive: four characters instead of sixteen.

An id begins with the microsecond at which its request began, and the row has that too; so a file keeps "~4b7" where the
rest follows from the row's own time. An id of another time (a task has the id of the request that caused it) stays whole.
"""

BEGAN = "printf('%013x', at_us)"
PACKED = (
    f"CASE WHEN starts_with(request_id, {BEGAN}) THEN '~' || substr(request_id, 14) ELSE request_id END AS request_id"
)
WHOLE = f"CASE WHEN request_id[1] = '~' THEN {BEGAN} || substr(request_id, 2) ELSE request_id END AS request_id"
