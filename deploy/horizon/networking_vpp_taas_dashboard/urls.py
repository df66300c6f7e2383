from django.urls import re_path

from . import views

urlpatterns = [
    re_path(r'^$', views.IndexView.as_view(), name='index'),
    re_path(r'^(?P<kind>tap_service|tap_flow|tap_mirror)/create/$', views.CreateView.as_view(), name='create'),
    re_path(r'^(?P<kind>tap_service|tap_flow|tap_mirror)/(?P<tap_id>[0-9a-f-]{36})/update/$', views.UpdateView.as_view(),
            name='update'),
]
