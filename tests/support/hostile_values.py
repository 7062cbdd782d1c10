"""What strangers put where a number or a name belongs, for tests that send it everywhere."""

from urllib.parse import quote

DIGITS_5000 = "9" * 5000
VALUES = {
    "NUL": "%00",
    "a name with NUL": "nora%00",
    "half a letter": "%ED%A0%80",
    "bytes that are no text": "%FF%FE",
    "5,000 digits": DIGITS_5000,
    "minus one": "-1",
    "ten to the thirty": "1" + "0" * 30,
    "more than a column holds": str(2**63),
    "zero": "0",
    "overlong UTF-8": "%C0%AF",
    "Arabic digits": quote("٣"),
    "a superscript": quote("²"),
    "with an underscore": "1_000",
    "with a sign": "+1",
    "with a blank": "%201",
    "a float": "1e400",
    "not a number": "NaN",
    "10,000 letters": "a" * 10_000,
}
HEADERS = {
    "Range": [
        "bytes=-1", f"bytes={DIGITS_5000}-", f"bytes=0-{DIGITS_5000}", "bytes=²-", "bytes=1_0-2_0",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(3000)),
    ],
    "If-None-Match": ['"' + DIGITS_5000 + '"', "*", 'W/"²', ""],
    "If-Modified-Since": [DIGITS_5000, "Mon, 99 Zzz 99999 99:99:99 GMT"],
    "Content-Length": [],  # a server's business, tried with real sockets
    "Content-Type": ["multipart/form-data; boundary=", "application/json; charset=²", DIGITS_5000],
    "Idempotency-Key": [DIGITS_5000, "²" * 20, "-1"],
    "Authorization": ["Bearer " + DIGITS_5000, "Bearer ²", "Bearer", "Basic =="],
    "Cookie": ["spirit_staff=" + DIGITS_5000, "spirit_staff=²", "spirit_staff=-1"],
    "Last-Event-ID": [DIGITS_5000],
    "Accept-Language": [DIGITS_5000, "²"],
    "X-Forwarded-For": [DIGITS_5000, "-1", "999.999.999.999"],
    "Sec-Fetch-Site": ["²"],
}  # fmt: skip
JSON_VALUES = [
    DIGITS_5000, "-1", "-" + DIGITS_5000, "1" + "0" * 30, "1e400", "1e30", "7.0", "true", "null", "[]", "{}", '"٣"', '"1_000"', '"+1"',
    '"' + DIGITS_5000 + '"', '"\\u0000"', '"\\ud800"', '" 1 "', str(2**63), str(-(2**63) - 1), '"²"', '"NaN"',
]  # fmt: skip
