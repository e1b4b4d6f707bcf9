"""Jobs whose work is done by another queue that is there already: they give it its tasks."""
