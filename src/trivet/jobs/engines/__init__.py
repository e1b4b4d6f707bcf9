"""Engines outside that carry jobs from the table to workers, and bridges to other queues."""
