"""The taps of Neutron's database. What the plugin has written there is what is wanted."""
import contextlib

from neutron_lib import context
from neutron_lib.db import api as db_api
from neutron_taas.db import taas_db

from .plan import PENDING_DELETE, tap_of

MODELS = {'tap_services': taas_db.TapService, 'tap_flows': taas_db.TapFlow}


class NeutronTaps:
    def __init__(self, plugin):
        self._plugin = plugin

    def taps(self):
        """All taps, by key."""
        ctx = context.get_admin_context()
        # Flows first: a tap service that is made meanwhile lacks flows then, and not the other way round.
        flows = self._plugin.get_tap_flows(ctx)
        rows = [('tap_services', row) for row in self._plugin.get_tap_services(ctx)]
        taps = [tap_of(kind, row) for kind, row in rows + [('tap_flows', row) for row in flows]]
        return {tap.key: tap for tap in taps}

    def wants(self, tap):
        """Whether a tap is still there, and is not being deleted."""
        with _row(tap, db_api.CONTEXT_READER) as row:
            return row.filter(MODELS[tap.kind].status != PENDING_DELETE).count() > 0

    def set_status(self, tap, status):
        """Unless somebody has changed it meanwhile: the plugin marks by it what is to be deleted."""
        with _row(tap) as row:
            return row.filter_by(status=tap.status).update({'status': status}) > 0

    def forget(self, tap):
        """A tap that is marked as to be deleted, and is gone from the server."""
        with _row(tap) as row:
            return row.filter_by(status=PENDING_DELETE).delete() > 0


@contextlib.contextmanager
def _row(tap, mode=db_api.CONTEXT_WRITER):
    """The row of a tap as a query, in a transaction."""
    ctx = context.get_admin_context()
    with mode.using(ctx):
        yield ctx.session.query(MODELS[tap.kind]).filter_by(id=tap.id)
