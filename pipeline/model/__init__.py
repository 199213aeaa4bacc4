"""The words we use, as frozen values.

Law of the room: imports nothing of ours, does no I/O, knows no backend. Wanted and observed accounts are the same type
(`AccountSpec`), so a difference is a comparison; a plan is a value, so it can be shown, stored, reviewed and replayed.
"""
