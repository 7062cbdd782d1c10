"""
Who works here: invitations, roles, leaving, and the links that staff sign in with.

members.py         invite, change roles, disable, enable, end sessions
sign_in_links.py   sign-in links and invitations: mailed, used once
old_links.py       links that are over, and their mails, removed a week later
"""
