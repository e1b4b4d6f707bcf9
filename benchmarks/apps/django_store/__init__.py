"""What a database holds, as Django knows an application."""
