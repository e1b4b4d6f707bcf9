"""The first page of a site: figures, charts, models with their counts, and what happened lately."""
