"""The plugin's own database layer, on SQLite."""
import os
import tempfile
import unittest

try:
    from neutron_lib import context
    from neutron_lib.db import api as db_api
    from neutron_lib.db import model_base
    from neutron_taas.db import taas_db
    MISSING = ''
except ImportError as error:
    MISSING = str(error)
else:
    from networking_vpp_taas.neutron_db import NeutronTaps


@unittest.skipIf(MISSING, 'Debian: apt-get install neutron-server python3-neutron-taas (%s)' % MISSING)
class NeutronTapsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Configured once a process.
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        manager = db_api.get_context_manager()
        manager.configure(connection='sqlite:///' + os.path.join(folder.name, 'neutron.db'))
        tables = [model.__table__ for model in (taas_db.TapService, taas_db.TapFlow, taas_db.TapIdAssociation)]
        model_base.BASEV2.metadata.create_all(manager.writer.get_engine(), tables=tables)

    def setUp(self):
        self.ctx = context.get_admin_context()
        self.plugin = type('Plugin', (taas_db.Taas_db_Mixin,), {})()
        self.taps = NeutronTaps(self.plugin)
        made = self.plugin.create_tap_service(self.ctx, {'tap_service': {
            'tenant_id': 'acme', 'name': 'n', 'description': 'd', 'port_id': 'p'}})
        flow = self.plugin.create_tap_flow(self.ctx, {'tap_flow': {
            'tenant_id': 'acme', 'name': '', 'description': '', 'tap_service_id': made['id'], 'source_port': 'q',
            'direction': 'IN', 'vlan_filter': '1-5'}})
        self.addCleanup(lambda: [self.plugin.delete_tap_service(self.ctx, row['id'])
                                 for row in self.plugin.get_tap_services(self.ctx)])
        self.service = self.taps.taps()['tap_services', made['id']]
        self.flow = self.taps.taps()['tap_flows', flow['id']]

    def status(self):
        return self.plugin.get_tap_service(self.ctx, self.service.id)['status']

    def mark(self):
        self.plugin.update_tap_service(self.ctx, self.service.id, {'tap_service': {'status': 'PENDING_DELETE'}})

    def test_taps_are_as_the_plugin_wrote_them(self):
        self.assertEqual(self.service[2:6], ('acme', ('n', 'd'), ('p',), 'DOWN'))
        self.assertEqual(self.flow[2:6], ('acme', ('', ''), (self.service.id, 'q', 'IN', '1-5'), 'DOWN'))
        self.assertEqual(len(self.taps.taps()), 2)

    def test_a_status_is_written(self):
        self.assertTrue(self.taps.set_status(self.service, 'ACTIVE'))
        self.assertEqual(self.status(), 'ACTIVE')

    def test_a_status_does_not_overwrite_the_mark_of_a_deletion(self):
        self.mark()
        self.assertFalse(self.taps.set_status(self.service, 'ACTIVE'))
        self.assertEqual(self.status(), 'PENDING_DELETE')

    def test_only_what_is_marked_is_forgotten(self):
        self.assertFalse(self.taps.forget(self.service))
        self.mark()
        self.assertTrue(self.taps.forget(self.service))
        self.assertNotIn(self.service.key, self.taps.taps())

    def test_wanted_is_what_is_there_and_not_marked(self):
        self.assertTrue(self.taps.wants(self.service))
        self.assertTrue(self.taps.wants(self.flow))
        self.mark()
        self.assertFalse(self.taps.wants(self.service))
        self.assertFalse(self.taps.wants(self.flow._replace(id='nobody')))
