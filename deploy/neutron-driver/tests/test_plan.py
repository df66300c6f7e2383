import unittest

from networking_vpp_taas.plan import plan
from tests.fakes import by_key, flow, service


def steps(wanted, actual, suspected=frozenset()):
    made = plan(by_key(*wanted), by_key(*actual), suspected)
    return [(step.what, step.tap.id, step.status) for step in made.steps]


class PlanTest(unittest.TestCase):
    def test_what_is_alike_takes_nothing(self):
        self.assertEqual(steps([service(), flow()], [service(), flow()]), [])

    def test_services_are_created_before_their_flows(self):
        self.assertEqual(steps([flow(), service()], []), [('create', 's', ''), ('create', 'f', '')])

    def test_a_status_is_taken_back(self):
        for status in ('DOWN', 'PENDING_CREATE', 'ACTIVE', 'ERROR'):
            expected = [] if status == 'ERROR' else [('status', 's', status)]
            self.assertEqual(steps([service(status='ERROR')], [service(status=status)]), expected)

    def test_texts_are_changed(self):
        self.assertEqual(steps([service()], [service(texts=('other', ''))]), [('change', 's', '')])

    def test_a_tap_that_lost_its_reason_gets_it_back(self):
        self.assertEqual(steps([service()], [service(reason='mine')]), [('change', 's', '')])

    def test_a_tap_that_is_to_go_is_removed_once_and_forgotten_when_gone(self):
        going = service(status='PENDING_DELETE')
        self.assertEqual(steps([going], [service(status='ACTIVE')]), [('remove', 's', '')])
        self.assertEqual(steps([going], [going]), [])
        self.assertEqual(steps([going], []), [('forget', 's', '')])

    def test_what_neutron_does_not_have_is_removed_at_the_second_look_flows_first(self):
        there = [service(), flow()]
        first = plan({}, by_key(*there))
        self.assertEqual(first.steps, [])
        self.assertEqual(steps([], there, first.suspects), [('remove', 'f', ''), ('remove', 's', '')])

    def test_what_came_back_is_no_suspect_any_more(self):
        self.assertEqual(steps([service()], [service()], frozenset([service().key])), [])

    def test_what_somebody_else_made_is_left_alone(self):
        mine = service(reason='mine')
        self.assertEqual(plan({}, by_key(mine), frozenset([mine.key])), ([], frozenset()))

    def test_what_goes_already_is_not_removed_again(self):
        going = service(status='PENDING_DELETE')
        self.assertEqual(steps([], [going], frozenset([going.key])), [])

    def test_a_deletion_at_the_server_is_no_deletion_in_neutron(self):
        there = [service(status='PENDING_DELETE')]
        self.assertEqual(steps([service(status='ACTIVE')], there), [('status', 's', 'DOWN')])
        self.assertEqual(steps([service(status='DOWN')], there), [])

    def test_another_tap_with_the_same_id_is_an_error_and_not_touched(self):
        for other in (service(project='umbrella'), service(fixed=('other',))):
            self.assertEqual(steps([service()], [other]), [('status', 's', 'ERROR')])

    def test_the_same_id_of_another_kind_is_another_tap(self):
        self.assertEqual(steps([service('x'), flow('x')], [service('x')]), [('create', 'x', '')])
