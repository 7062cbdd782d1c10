"""
When a coach teaches: `models`, the pure arithmetic of `availability`, the free `slots`, `queries`.

What she changes herself: her `hours`, her `preferences`, her `page`; `zones`, in which her days are counted.
"""
