"""Availability minus busy gives slots: `availability` is the arithmetic, `slots` asks it for a coach, `queries` finds her."""
