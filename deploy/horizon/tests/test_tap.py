import unittest

from networking_vpp_taas_dashboard.tap import Tap, body_of


class TapTest(unittest.TestCase):
    def test_a_row_names_port_and_tap_service_or_shows_their_ids(self):
        flow = {'id': 'f', 'source_port': 'p', 'tap_service_id': 's', 'name': 'n'}
        self.assertEqual((Tap(flow).port_name, Tap(flow).service_name), ('p', 's'))
        named = Tap(flow).named({'p': 'web', 's': ''})
        self.assertEqual((named.port_name, named.service_name, named.name_or_id), ('web', 's', 'n'))
        self.assertEqual(Tap({'id': 's', 'port_id': 'p'}, {'p': 'web'}).port_name, 'web')

    def test_a_tap_without_a_name_is_shown_by_its_id(self):
        id_ = '01234567-89ab-cdef-0123-456789abcdef'
        for name in ('', '  ', None):
            self.assertEqual(Tap({'id': id_, 'name': name}).name_or_id, '(01234567-89ab)')

    def test_what_the_api_does_not_have_is_empty(self):
        self.assertIsNone(Tap({'id': 's'}).status_reason)
        self.assertEqual(Tap({'id': 's'}).directions_text, '')
        self.assertEqual(Tap({'id': 's', 'directions': {'OUT': 2, 'IN': '1'}}).directions_text, 'IN 1, OUT 2')

    def test_a_body_has_what_was_filled_in(self):
        self.assertEqual(body_of({'name': '', 'direction': 'IN', 'vlan_filter': ''}), {'direction': 'IN'})
        filled = {'name': 'm', 'remote_ip': '203.0.113.9', 'id_IN': '101', 'id_OUT': '', 'id_BOTH': ''}
        self.assertEqual(body_of(filled), {'name': 'm', 'remote_ip': '203.0.113.9', 'directions': {'IN': '101'}})
        self.assertEqual(body_of({'remote_ip': 'x', 'id_IN': ''}), {'remote_ip': 'x', 'directions': {}})
