import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Label(models.Model):
    name = models.SlugField(unique=True)


class Question(models.Model):
    question_text = models.CharField(max_length=200)
    pub_date = models.DateTimeField("date published", default=timezone.now)
    labels = models.ManyToManyField(Label, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )

    def __str__(self):
        return self.question_text


class Choice(models.Model):
    question = models.ForeignKey(Question, on_delete=models.CASCADE)
    choice_text = models.CharField(max_length=200)
    votes = models.IntegerField(default=0)
    weight = models.DecimalField(max_digits=5, decimal_places=2, default="1.00")
    token = models.UUIDField(default=uuid.uuid4)
    details = models.JSONField(default=dict)

    class Meta:
        unique_together = [("question", "choice_text")]

    def __str__(self):
        return self.choice_text
