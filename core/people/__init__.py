"""
Staff; parents have no account.

`accounts`, `passwords`, `sessions`; `acting`: who acts is asked again at each change; `sign_in` (by password or mailed
link) and `identities` (by a provider); what admins
do with the `staff`, and everybody with an account of her own (`own_account`, and `api_keys` for her programs).
"""
