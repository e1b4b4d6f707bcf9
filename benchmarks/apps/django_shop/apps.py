"""What Django calls the application: the beginning of its tables' names."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "django_shop"
    label = "shop"
