import unittest

from networking_vpp_taas_dashboard import answer
from networking_vpp_taas_dashboard.errors import Gone, Refused, Unauthorized


def said(status, body, key='tap_flow'):
    try:
        return answer.read(status, body, key)
    except Refused as refusal:
        return type(refusal), str(refusal)


class AnswerTest(unittest.TestCase):
    def test_what_was_asked_for_is_taken_out(self):
        self.assertEqual(said(200, {'tap_flow': {'id': 'f'}}), {'id': 'f'})
        self.assertEqual(said(201, {'tap_flow': {'id': 'f'}}), {'id': 'f'})
        self.assertIsNone(said(204, None, None))

    def test_a_refusal_is_in_the_words_of_the_api(self):
        for status, kind in ((400, Refused), (403, Refused), (404, Gone), (409, Refused), (503, Refused), (401, Unauthorized)):
            body = {'NeutronError': {'type': 'T', 'message': '100% of <b> is %(exc)s', 'detail': ''}}
            self.assertEqual(said(status, body), (kind, '100% of <b> is %(exc)s'))
        self.assertEqual(said(401, {'error': {'code': 401, 'message': 'no'}}), (Unauthorized, 'no'))
        self.assertEqual(said(400, {'NeutronError': 'just a text'}), (Refused, 'just a text'))

    def test_an_answer_without_words_is_told_by_its_number(self):
        for body in (None, {}, [], 'text', {'NeutronError': {}}, {'NeutronError': {'message': 7}}, {'error': None}):
            self.assertEqual(said(502, body), (Refused, 'The network service answered 502, and not why.'))

    def test_a_success_that_is_something_else_is_a_refusal(self):
        for body in (None, {}, [], 'a page', {'tap_service': {}}):
            self.assertEqual(said(200, body), (Refused, 'The network service answered with something else than tap_flow.'))
        self.assertEqual(said(302, None)[0], Refused)

    def test_a_list_with_a_link_to_the_rest_has_more(self):
        self.assertTrue(answer.has_more({'tap_flows_links': [{'rel': 'next', 'href': 'x'}]}, 'tap_flows'))
        self.assertFalse(answer.has_more({'tap_flows_links': [{'rel': 'previous', 'href': 'x'}]}, 'tap_flows'))
        self.assertFalse(answer.has_more({}, 'tap_flows'))
