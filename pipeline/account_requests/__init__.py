"""What people ask for: load, inherit, check.

Law of the room: reads files, never AWS; returns all findings with file, line and column, and raises none for a user's mistake.
"""
