"""Carry out a plan through an engine.

Law of the room: knows protocols, not AWS; every exception becomes an outcome, and one account's failure never stops another.
"""
