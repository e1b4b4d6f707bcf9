"""A list: what its address says, the query that this makes, and the rows as people see them."""
