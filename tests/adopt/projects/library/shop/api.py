from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views import View


def shelf(request):
    return JsonResponse({"version": 1})


class Status(View):
    def get(self, request):
        return HttpResponse("fine")


urlpatterns = [path("shelf/", shelf, name="shelf"), path("status/", Status.as_view(), name="status")]
