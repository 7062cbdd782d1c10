"""
A coach rehearses: a request for practice goes the whole way, mails included, to her alone.

`models` the row, which is no booking; `practice` what she does with it, and how it ends by itself.
"""
