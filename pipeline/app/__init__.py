"""The verbs, and the choice of real parts.

Law of the room: no `if` about accounts. Real time, real clients and files are chosen here and nowhere else.
"""
