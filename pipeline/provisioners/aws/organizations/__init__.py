"""An organization and its accounts through AWS Organizations and Account Management: what every backend over AWS shares."""
