"""A subscription service for teams: see the README beside this file."""
