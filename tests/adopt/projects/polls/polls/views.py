from django.db.models import F
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views import generic

from polls.models import Choice, Question


def index(request):
    latest = Question.objects.order_by("-pub_date")[:5]
    return render(request, "polls/index.html", {"latest_question_list": latest})


class DetailView(generic.DetailView):
    model = Question
    template_name = "polls/detail.html"


def results(request, question_id):
    question = get_object_or_404(Question, pk=question_id)
    return JsonResponse({one.choice_text: one.votes for one in question.choice_set.all()})


def vote(request, question_id):
    question = get_object_or_404(Question, pk=question_id)
    try:
        chosen = question.choice_set.get(pk=request.POST["choice"])
    except (KeyError, Choice.DoesNotExist):
        context = {"question": question, "error_message": "You didn't select a choice."}
        return render(request, "polls/detail.html", context)
    chosen.votes = F("votes") + 1
    chosen.save()
    return HttpResponseRedirect(reverse("polls:results", args=(question.id,)))
