"""Settings inside member accounts: how each is read and written, and the two that do it for many accounts and Regions.

A setting is read in the form of `model.account_settings`, and written from what a request says. Nothing here compares or
decides: `provisioners.setting_looks` does, the same for every backend.
"""
