"""The provider: its replies, its billing rules, its errors and the only client that talks to it. No
Django in here.
"""
