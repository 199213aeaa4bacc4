"""Values to text: terminal, Markdown, JSON, SARIF.

Law of the room: pure, and decides nothing. Text from YAML or AWS is hostile until escaped.
"""
