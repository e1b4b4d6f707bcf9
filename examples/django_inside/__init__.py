"""An old Django project inside a Trivet application, replaced route by route.

Django is set up here, because its models cannot be imported before.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_inside.settings")
django.setup()
