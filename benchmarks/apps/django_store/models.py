"""The tables as Django's models."""

from django.db import models


class Author(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=50)

    class Meta:
        db_table = "author"


class Tag(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=30)

    class Meta:
        db_table = "tag"


class Post(models.Model):
    id = models.BigAutoField(primary_key=True)
    title = models.CharField(max_length=200)
    body = models.TextField()
    published = models.BooleanField()
    views = models.BigIntegerField()
    created = models.DateTimeField()
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    tags = models.ManyToManyField(Tag, db_table="post_tag")

    class Meta:
        db_table = "post"


class World(models.Model):
    id = models.BigAutoField(primary_key=True)
    randomnumber = models.BigIntegerField()

    class Meta:
        db_table = "world"


class Fortune(models.Model):
    id = models.BigAutoField(primary_key=True)
    message = models.CharField(max_length=2048)

    class Meta:
        db_table = "fortune"
