"""An old Flask application inside a Trivet application, replaced route by route."""
