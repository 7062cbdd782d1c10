"""
Every mail is a row, written with its cause: `outbox` writes it, `truth` asks whether it still holds, `messages` says
it, `calendar` adds the lesson, `delivery` sends it through one of the `transports`; `status` says what became of it,
`resend` sends it once more.
"""
