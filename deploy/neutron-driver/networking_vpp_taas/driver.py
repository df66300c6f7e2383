"""The service driver: TAAS:vpp:networking_vpp_taas.driver.VppTaasDriver:default"""
import time

from keystoneauth1 import adapter
from keystoneauth1 import loading
from neutron.worker import PeriodicWorker
from neutron_taas.services.taas import service_drivers
from oslo_config import cfg
from oslo_log import log as logging

from .neutron_db import NeutronTaps
from .server import Server
from .sync import Sync

GROUP = 'taas_vpp'
OPTIONS = [
    cfg.StrOpt('server_url', required=True, help='Where taas-server listens, such as http://127.0.0.1:9697.'),
    cfg.IntOpt('longest_wait', default=30, min=1, max=3600,
               help='Seconds between two looks at taas-server when nothing happens: the bound on noticing a status.'),
]
#: Seconds for an answer, unless the operator says another time.
TIMEOUT = 30


class VppTaasDriver(service_drivers.TaasBaseDriver):
    """Decides nothing. The plugin writes into Neutron's database; a worker compares that with taas-server.

    The plugin calls all hooks inside its transaction, which may still fail: so none of them tells anybody anything.
    """

    def __init__(self, service_plugin):
        super().__init__(service_plugin)
        self._sync = None
        cfg.CONF.register_opts(OPTIONS, group=GROUP)
        loading.register_auth_conf_options(cfg.CONF, GROUP)
        loading.register_session_conf_options(cfg.CONF, GROUP)
        if not cfg.CONF[GROUP].server_url:
            raise cfg.RequiredOptError('server_url', cfg.OptGroup(GROUP))
        service_plugin.add_worker(PeriodicWorker(self._step, 1, 1))

    def _step(self):
        # Connections are made in the worker's own process.
        if self._sync is None:
            conf = cfg.CONF[GROUP]
            self._sync = Sync(NeutronTaps(self.service_plugin), Server(_adapter()), time.monotonic,
                              logging.getLogger(__name__), conf.longest_wait)
        self._sync.step()

    def create_tap_flow_precommit(self, context):
        """The plugin leaves it to its driver to look whether the caller may see the source port."""
        self.service_plugin.get_port_details(context._plugin_context, context.tap_flow['source_port'])

    def create_tap_service_precommit(self, context):
        """See the class."""

    create_tap_service_postcommit = create_tap_service_precommit
    create_tap_flow_postcommit = create_tap_service_precommit
    delete_tap_service_precommit = create_tap_service_precommit
    delete_tap_service_postcommit = create_tap_service_precommit
    delete_tap_flow_precommit = create_tap_service_precommit
    delete_tap_flow_postcommit = create_tap_service_precommit


def _adapter():
    auth = loading.load_auth_from_conf_options(cfg.CONF, GROUP)
    session = loading.load_session_from_conf_options(cfg.CONF, GROUP, auth=auth)
    session.timeout = session.timeout or TIMEOUT
    return adapter.Adapter(session, endpoint_override=cfg.CONF[GROUP].server_url.rstrip('/'))
