"""The orders as Django's models; their tables are there already."""

from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=100)
    city = models.CharField(max_length=100)

    class Meta:
        managed = False

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    name = models.CharField(max_length=100)
    description = models.TextField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return self.name


class Warehouse(models.Model):
    name = models.CharField(max_length=100)
    address = models.TextField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    class Status(models.TextChoices):
        NEW = "new"
        PAID = "paid"
        SENT = "sent"
        RETURNED = "returned"

    number = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Status)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    created = models.DateTimeField()
    note = models.TextField(blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT)
    product = models.ForeignKey(Product, models.PROTECT)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT)

    class Meta:
        managed = False

    def __str__(self) -> str:
        return self.number
