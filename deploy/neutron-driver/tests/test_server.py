"""The requests to taas-server, and what is made of its answers."""
import json
import unittest

try:
    from keystoneauth1 import exceptions
    MISSING = ''
except ImportError as error:
    MISSING = str(error)
else:
    from networking_vpp_taas.server import Server
from networking_vpp_taas.plan import REASON
from networking_vpp_taas.sync import Refused, Unavailable
from tests.fakes import flow, service


def shown(tap, **more):
    names = {'tap_services': ('port_id',), 'tap_flows': ('tap_service_id', 'source_port', 'direction', 'vlan_filter')}
    return dict(zip(names[tap.kind], tap.fixed), id=tap.id, tenant_id=tap.project, name=tap.texts[0],
                description=tap.texts[1], status=tap.status, reason=tap.reason, **more)


class FakeAdapter:
    """Stands for keystoneauth's."""

    def __init__(self):
        self.asked, self.answers = [], []

    def request(self, path, method, json=None, raise_exc=True):
        self.asked.append((method, path, json))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert not raise_exc
        return FakeAnswer(*answer)


class FakeAnswer:
    def __init__(self, status_code, body):
        self.status_code, self.text = status_code, '' if body is None else json.dumps(body)
        self.content = self.text.encode()

    def json(self):
        return json.loads(self.text)


def error(type_, message='why'):
    return {'NeutronError': {'type': type_, 'message': message, 'detail': ''}}


@unittest.skipIf(MISSING, 'Debian: apt-get install python3-keystoneauth1 (%s)' % MISSING)
class ServerTest(unittest.TestCase):
    def setUp(self):
        self.adapter = FakeAdapter()
        self.server = Server(self.adapter)

    def answer(self, *answers):
        self.adapter.answers += answers

    def test_a_tap_is_made_with_the_id_and_the_project_of_neutron(self):
        self.answer((201, {'tap_flow': {}}))
        self.server.create(flow())
        self.assertEqual(self.adapter.asked, [('POST', '/v2.0/taas/tap_flows', {'tap_flow': {
            'id': 'f', 'project_id': 'acme', 'name': 'name', 'description': '', 'reason': REASON,
            'tap_service_id': 's', 'source_port': 'source', 'direction': 'IN', 'vlan_filter': None}})])

    def test_one_that_another_worker_made_is_as_good(self):
        self.answer((409, error('TapIdInUse')))
        self.assertIsNone(self.server.create(service()))

    def test_texts_are_changed_and_nothing_else(self):
        self.answer((200, {'tap_service': {}}))
        self.server.change(service())
        self.assertEqual(self.adapter.asked, [('PUT', '/v2.0/taas/tap_services/s', {
            'tap_service': {'name': 'name', 'description': '', 'reason': REASON}})])

    def test_one_that_is_gone_is_removed(self):
        self.answer((204, None), (404, error('TapServiceNotFound')), (404, error('TapFlowNotFound')))
        for tap in (service(), service(), flow()):
            self.server.remove(tap)
        self.assertEqual(self.adapter.asked[0], ('DELETE', '/v2.0/taas/tap_services/s', None))

    def test_all_pages_are_read(self):
        two = [service('a', reason=''), service('b', status='ACTIVE')]
        link = [{'rel': 'next', 'href': 'http://elsewhere'}]
        self.answer((200, {'tap_services': [shown(two[0])], 'tap_services_links': link}),
                    (200, {'tap_services': [shown(two[1], receipts=False)]}),
                    (200, {'tap_flows': [shown(flow())]}))
        self.assertEqual(list(self.server.taps().values()), two + [flow()])
        self.assertEqual([path for _, path, _ in self.adapter.asked][1], '/v2.0/taas/tap_services?marker=a')

    def test_what_the_server_will_not_have_is_refused(self):
        for status, kind in ((400, 'HTTPBadRequest'), (403, 'PortDoesNotBelongToTenant'), (404, 'PortNotFound'),
                             (409, 'TapSourceIsCollector'), (404, 'TapServiceNotFound')):
            self.answer((status, error(kind)))
            with self.assertRaisesRegex(Refused, '%d why' % status):
                self.server.create(flow())

    def test_what_is_not_the_fault_of_the_tap_is_tried_later(self):
        for answer in ((429, error('HTTPTooManyRequests')), (503, error('ServiceUnavailable')), (401, {'error': {}}),
                       (502, None), (404, {}), (302, None), (403, error('PolicyNotAuthorized')),
                       (400, error('HTTPBadRequest', "Attribute 'id' not allowed in POST"))):
            self.answer(answer)
            with self.assertRaises(Unavailable):
                self.server.create(service())

    def test_a_wrong_address_removes_nothing(self):
        self.answer((404, {'code': 404}))
        with self.assertRaises(Unavailable):
            self.server.remove(service())

    def test_a_server_that_is_down_is_unavailable(self):
        self.answer(exceptions.ConnectFailure('refused'))
        with self.assertRaises(Unavailable):
            self.server.taps()
