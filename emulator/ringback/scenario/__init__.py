"""Scenarios that run: `given` an account, `when` things happen, `then` this holds. See docs/scenarios.md."""
