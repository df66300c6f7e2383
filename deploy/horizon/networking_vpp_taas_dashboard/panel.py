"""Where Horizon begins."""
import horizon

from . import api


class Taps(horizon.Panel):
    name = 'Taps'
    slug = 'taps'
    permissions = ('openstack.services.network',)

    def allowed(self, context):
        """Only where the network endpoint of the catalog has TaaS."""
        return super().allowed(context) and api.supports(context['request'], 'taas')
