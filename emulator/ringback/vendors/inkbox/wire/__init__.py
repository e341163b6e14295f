"""Inkbox's JSON: bodies of requests, of responses and of webhooks."""
