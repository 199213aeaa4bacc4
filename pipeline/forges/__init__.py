"""Where reports go: GitHub, GitLab.

Law of the room: posts text and finds it again; does not read plans. Every write looks first, adopts what it finds, and
reads back. Only what our own author or app has written is ever read as ours. Clients are imported when a forge is used.
"""
