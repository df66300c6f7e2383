"""A tab for each kind of tap that the endpoint offers."""
from horizon import tabs

from . import api, rows
from .tables import TapFlowsTable, TapMirrorsTable, TapServicesTable


class TapsTab(tabs.TableTab):
    template_name = 'horizon/common/_detail_table.html'
    # Only what is looked at is asked for.
    preload = False
    extension = 'taas'

    def allowed(self, request):
        return api.supports(request, self.extension)

    def _rows(self, kind):
        return rows.taps(self.request, kind)


class TapServicesTab(TapsTab):
    name = 'Tap Services'
    slug = 'tap_services'
    table_classes = (TapServicesTable,)

    def get_tap_services_data(self):
        return self._rows('tap_service')


class TapFlowsTab(TapsTab):
    name = 'Tap Flows'
    slug = 'tap_flows'
    table_classes = (TapFlowsTable,)

    def get_tap_flows_data(self):
        return self._rows('tap_flow')


class TapMirrorsTab(TapsTab):
    name = 'Tap Mirrors'
    slug = 'tap_mirrors'
    extension = 'tap-mirror'
    table_classes = (TapMirrorsTable,)

    def get_tap_mirrors_data(self):
        return self._rows('tap_mirror')


class TapTabs(tabs.TabGroup):
    slug = 'taps'
    tabs = (TapServicesTab, TapFlowsTab, TapMirrorsTab)
    sticky = True
