import unittest

from networking_vpp_taas.sync import MOST_FAILURES, Refused, Sync, Unavailable
from tests.fakes import FakeNeutron, FakeServer, Silent, flow, service


class SyncTest(unittest.TestCase):
    def setUp(self):
        self.clock = 100
        self.neutron, self.server, self.log = FakeNeutron(), FakeServer(), Silent()
        self.sync = self.worker()

    def worker(self):
        return Sync(self.neutron, self.server, lambda: self.clock, self.log, longest=30)

    def run_for(self, seconds, *workers):
        for _ in range(seconds):
            self.clock += 1
            for worker in workers or (self.sync,):
                worker.step()

    def test_a_tap_is_made_and_becomes_active(self):
        self.neutron.put(service(), flow())
        self.run_for(1)
        self.assertEqual(self.server.asked, [('create', 's'), ('create', 'f')])
        self.server.work()
        self.run_for(2)
        self.assertEqual([self.neutron.status(tap) for tap in (service(), flow())], ['ACTIVE', 'ACTIVE'])

    def test_nothing_is_lost_while_the_server_is_down(self):
        self.neutron.put(service('kept'), service('gone'), service('marked'))
        self.run_for(1)
        self.server.work()
        self.run_for(2)
        self.server.down = True
        self.run_for(1)
        # Whatever the plugin does meanwhile: a row of an ACTIVE tap is marked, any other goes at once.
        self.neutron.put(service('new'), service('marked', status='PENDING_DELETE'))
        del self.neutron.rows[service('gone').key]
        self.run_for(100)
        self.server.down = False
        self.server.asked = []
        self.run_for(32)
        self.assertCountEqual(self.server.asked, [('create', 'new'), ('remove', 'marked'), ('remove', 'gone')])
        self.server.work()
        self.run_for(31)
        self.assertEqual({key[1]: tap.status for key, tap in self.neutron.rows.items()},
                         {'kept': 'ACTIVE', 'new': 'ACTIVE'})
        self.assertEqual(set(self.server.held), set(self.neutron.rows))

    def test_a_restart_in_between_loses_nothing(self):
        self.neutron.put(service('a'), service('b', status='PENDING_DELETE'))
        self.server.held = {service('b').key: service('b'), service('c').key: service('c')}
        self.run_for(3, self.worker())
        self.assertCountEqual(self.server.asked, [('create', 'a'), ('remove', 'b'), ('remove', 'c')])

    def test_two_workers_do_not_fight(self):
        workers = [self.worker(), self.worker()]
        self.neutron.put(service(), flow())
        self.run_for(5, *workers)
        self.server.work()
        self.run_for(5, *workers)
        self.neutron.put(flow(status='PENDING_DELETE'))
        self.run_for(5, *workers)
        self.server.work()
        self.run_for(31, *workers)
        self.assertEqual(self.neutron.rows, {service().key: service(status='ACTIVE')})
        self.assertEqual({key: tap.status for key, tap in self.server.held.items()}, {service().key: 'ACTIVE'})

    def test_what_is_deleted_during_a_look_is_not_made(self):
        self.neutron.put(service('a'), service('b'))
        answered = self.server.create

        def delete_the_other(tap):
            answered(tap)
            self.neutron.rows.pop(service('b').key, None)
        self.server.create = delete_the_other
        self.run_for(1)
        self.assertEqual(self.server.asked, [('create', 'a')])

    def test_a_mark_that_is_set_during_a_look_is_not_overwritten(self):
        self.neutron.put(service())
        self.run_for(1)
        self.server.work()
        # Between the look at Neutron and the step.
        taps = self.neutron.taps

        def then_deleted():
            seen = taps()
            self.neutron.put(service(status='PENDING_DELETE'))
            return seen
        self.neutron.taps = then_deleted
        self.run_for(3)
        self.assertEqual(self.neutron.status(service()), 'PENDING_DELETE')

    def test_a_refused_tap_is_an_error_and_tried_again_without_a_line_each_time(self):
        self.neutron.put(service('bad'), service('good'))
        self.server.answers['bad'] = Refused('409 the port is a source')
        self.run_for(100)
        self.assertEqual(self.neutron.status(service('bad')), 'ERROR')
        self.assertIn(service('good').key, self.server.held)
        self.assertEqual(len([line for line in self.log.lines if 'the port is a source' in line]), 1)
        self.assertLess(self.server.asked.count(('create', 'bad')), 12)
        del self.server.answers['bad']
        self.run_for(31)
        self.server.work()
        self.run_for(31)
        self.assertEqual(self.neutron.status(service('bad')), 'ACTIVE')

    def test_taps_that_the_server_cannot_decide_do_not_keep_the_others_from_their_turn(self):
        for n in range(MOST_FAILURES + 1):
            self.neutron.put(service('bad%d' % n))
            self.server.answers['bad%d' % n] = Unavailable('503 nobody knows the port')
        self.neutron.put(service('good'))
        self.run_for(10)
        self.assertIn(service('good').key, self.server.held)
        self.assertEqual(self.neutron.status(service('bad0')), 'DOWN')

    def test_a_server_that_is_down_is_left_in_peace_and_told_of_once(self):
        self.neutron.put(service())
        self.server.down = True
        tries = []
        listed = self.server.taps
        self.server.taps = lambda: (tries.append(self.clock), listed())
        self.run_for(300)
        self.assertLess(len(tries), 16)
        self.assertEqual(len(self.log.lines), 1)

    def test_a_change_in_neutron_is_answered_at_once_though_nothing_happened_for_long(self):
        self.run_for(200)
        self.neutron.put(service())
        self.run_for(1)
        self.assertEqual(self.server.asked, [('create', 's')])

    def test_no_error_stops_it(self):
        self.neutron.put(service())
        def fail(): raise RuntimeError('the database is gone')
        whole, self.neutron.taps = self.neutron.taps, fail
        self.run_for(10)
        self.neutron.taps = whole
        self.run_for(31)
        self.assertEqual(self.server.asked, [('create', 's')])

    def test_what_only_the_server_has_goes_and_what_others_made_stays(self):
        mine = service('mine', reason='')
        self.server.held = {service().key: service(), mine.key: mine}
        self.run_for(5)
        self.assertEqual(self.server.asked, [('remove', 's')])
