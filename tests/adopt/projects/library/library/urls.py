from django.urls import include, path, re_path

from library import views

urlpatterns = [
    path("", views.home, name="home"),
    path("about", views.about, name="about"),
    path("version/", views.version),
    path("old/", views.old),
    path("moved/", views.moved_for_good),
    path("away/", views.away),
    path("teapot/", views.teapot),
    path("trace/", views.trace),
    path("method/", views.method),
    path("soon/", views.soon),
    re_path(r"^years/(?P<year>[0-9]{4})/$", views.year),
    path("shop/", include("shop.urls")),
    path("api/", include([path("v1/", include(("shop.api", "v1")))])),
    path("größe/", views.about),
    path("", include("library.rooms")),
    path("rooms/<int:room>/", include("library.rooms", namespace="inside")),
    path("checked/", views.checked),
    path("counted/", views.counted),
    path("visits/", views.visits),
    path("number/", views.number),
    path("listed/", views.listed),
    path("given/", views.given, {"what": "more"}),
    path("files/<path:name>", views.any_file),
    path("<slug:word>/", views.word),
    path("later/", views.about, name="later"),
]
