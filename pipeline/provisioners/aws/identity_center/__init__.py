"""Who has access to accounts, by IAM Identity Center: names and ids, assignments, and which of them are ours.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/welcome.html
"""
