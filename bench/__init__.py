"""Ratios measured in one run: Ringback beside the bare framework, beside itself when larger, beside the raw client."""
