"""`trivet deploy …`: files by which an application is run by Docker, Kubernetes, systemd."""
