from django.urls import path

from shop import views

app_name = "shop"
urlpatterns = [
    path("", views.shelf, name="shelf"),
    path("<int:number>/", views.book, name="book"),
    path("<int:number>/<slug:part>/", views.part, name="part"),
    path("by/<str:name>/", views.by, name="by"),
    path("copies/<uuid:key>/", views.a_copy, name="copy"),
]
