"""
Staff accounts and their authentication; parents have no account.

    models.py            accounts, sessions, API keys, sign-in links, refused tries
    accounts.py          create and find accounts
    passwords.py         password hashing (argon2id)
    sessions.py          staff sessions: idle and absolute limit, sign-out
    sign_in.py           sign-in by password
    identities.py        sign-in by an OpenID provider
    sign_in_throttle.py  rate limits of sign-in
    known_devices.py     known devices, which other people's failed tries do not slow
    api_keys.py          API keys
    own_account.py       one's own password, other sessions and sound
    permissions.py       what only an admin may do
    reauthorization.py   authorization at the moment of a change
"""
