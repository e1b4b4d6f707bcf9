from django.http import HttpResponse
from django.urls import path, re_path


def doors(request, room=None):
    return HttpResponse("doors")


def chairs(request, room, chair):
    return HttpResponse(f"{room}: {chair}")


app_name = "rooms"
urlpatterns = [
    path("doors/", doors, name="doors"),
    re_path(r"^(?P<chair>[a-z]{2})-chair$", chairs, name="chairs"),
]
