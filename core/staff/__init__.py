"""
Staff administration: invitations, roles, disabled accounts, and mailed sign-in links.

    members.py        invite, change roles, disable, enable, end sessions
    sign_in_links.py  sign-in links and invitations: mailed, used once
    old_links.py      retention of used links and their mails
"""
