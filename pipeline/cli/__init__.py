"""Arguments in, text and exit code out.

Law of the room: the only place that prints and exits.
"""
