from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

VERSION = "1.2"
TAGS = ["new", "old"]
COUNT = 0


def home(request):
    """The first page."""
    return HttpResponse("<h1>Welcome</h1>")


def about(request):
    # As it was asked for.
    return HttpResponse("A library, größer\n", content_type="text/plain")


def version(request):
    data = {"version": VERSION, "tags": TAGS, "ratio": 0.5, "none": None, "ü": "ß", "is": True}
    return JsonResponse(data)


def old(request):
    return redirect("/shop/?from=old")


def moved_for_good(request):
    return redirect("https://example.org/a b" if False else "/x", permanent=True)


def away(request):
    return HttpResponseRedirect("https://example.org/x?a=1&b=~")


def teapot(request):
    return HttpResponse("short and stout", "text/plain; charset=utf-8", 418)


def trace(request):
    said = request.headers.get("X-Trace")
    if said is None:
        return JsonResponse({"error": "no trace"}, status=400)
    return HttpResponse(said.upper())


def method(request):
    return HttpResponse(f"{request.method}!" if request.method == "GET" else "another")


async def soon(request):
    return JsonResponse(["soon", 1], safe=False)


def year(request, year):
    if year == "1999":
        raise Http404(f"nothing of {year}")
    return JsonResponse({"year": year})


@require_GET
def checked(request):
    return HttpResponse("checked")


def counted(request):
    global COUNT
    COUNT += 1
    return JsonResponse({"count": COUNT})


def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})


def number(request):
    return JsonResponse({"number": int(request.GET.get("n", "1"))})


def listed(request):
    return JsonResponse({"all": [one for one in sorted(TAGS)]})


def given(request, what):
    return HttpResponse(what)


def any_file(request, name):
    return HttpResponse(name)


def word(request, word):
    if not word.isalpha():
        return HttpResponse("no word", status=404)
    return HttpResponse(word[0])
