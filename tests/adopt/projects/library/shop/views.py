from django.http import Http404, HttpResponse, JsonResponse

from .names import NAMES

BOOKS = {
    1: {"title": "Dune", "pages": 412, "tags": ["sand"]},
    2: {"title": "Emma", "pages": 474, "tags": []},
}


def shelf(request):
    wanted = request.GET.get("name", "")
    found = [name for name in NAMES if wanted in name]
    if not found:
        return JsonResponse({"error": f"nobody is called {wanted}"}, status=404)
    return JsonResponse(found, safe=False)


def book(request, number):
    if number not in BOOKS:
        raise Http404("no such book")
    return JsonResponse(BOOKS[number])


def part(request, number, part):
    return JsonResponse({"number": number + 1, "part": part, "of": BOOKS.get(number)})


def by(request, name):
    kind = request.GET.get("kind")
    if kind is None:
        kind = "any"
    elif not kind:
        raise Http404
    return HttpResponse(f"{name}: {kind}", status=201)


def a_copy(asked, key):
    if asked.GET.get("plain"):
        return HttpResponse(f"{key}")
    return JsonResponse({"key": str(key)})
