"""An ML2 mechanism driver that says of a port what networking-vpp would say: vhost-user, on whichever host it was given.

It needs no agent, as Debian's own drivers do, and tells nobody: the tests themselves play what comes next.
"""
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api


class VhostUserDriver(api.MechanismDriver):
    """Binds every port to the first segment of its network."""

    @property
    def connectivity(self):
        """ML2 asks only a driver that says so to bind a port without an address."""
        return portbindings.CONNECTIVITY_L2

    def initialize(self):
        """Nothing to prepare."""

    def bind_port(self, context):
        """Called by ML2 when a port has a host and no binding."""
        details = {
            portbindings.CAP_PORT_FILTER: True,
            portbindings.VHOST_USER_MODE: portbindings.VHOST_USER_MODE_SERVER,
            portbindings.VHOST_USER_SOCKET: '/tmp/%s' % context.current['id'],
        }
        segment = context.segments_to_bind[0]
        context.set_binding(segment[api.ID], portbindings.VIF_TYPE_VHOST_USER, details)
