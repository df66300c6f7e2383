"""taas-server's API, through an adapter of keystoneauth, which brings tokens and TLS."""
from keystoneauth1 import exceptions

from .plan import FIXED, REASON, TEXTS, tap_of
from .sync import Refused, Unavailable

#: What cannot be the fault of the tap: the next may do better, or the operator has to do something.
LATER = (401, 408, 429)


class Server:
    def __init__(self, adapter):
        self._adapter = adapter

    def taps(self):
        """All taps that the server has, by key."""
        return {tap.key: tap for kind in FIXED for tap in self._list(kind)}

    def create(self, tap):
        """Makes a tap with Neutron's id; one that another worker has just made is as good."""
        body = dict(zip(FIXED[tap.kind], tap.fixed), id=tap.id, project_id=tap.project, **self._texts(tap))
        self._done(self._request('POST', tap.kind, body), 'TapIdInUse')

    def change(self, tap):
        """Name and description; and that the tap is Neutron's."""
        self._done(self._request('PUT', tap.kind, self._texts(tap), tap.id), 'TapServiceNotFound', 'TapFlowNotFound')

    def remove(self, tap):
        """Deletes a tap; one that is gone is as good."""
        self._done(self._request('DELETE', tap.kind, None, tap.id), 'TapServiceNotFound', 'TapFlowNotFound')

    @staticmethod
    def _texts(tap):
        return dict(zip(TEXTS, tap.texts), reason=REASON)

    def _list(self, kind):
        marker = ''
        while True:
            page = self._done(self._request('GET', kind, None, query=marker))
            rows = page[kind]
            yield from (tap_of(kind, row, row['reason']) for row in rows)
            if not any(link['rel'] == 'next' for link in page.get(kind + '_links', ())) or not rows:
                return
            marker = '?marker=' + rows[-1]['id']

    def _request(self, method, kind, body, id_=None, query=''):
        path = '/v2.0/taas/' + kind + ('/' + id_ if id_ else '') + query
        try:
            return self._adapter.request(
                path, method, raise_exc=False, json=None if body is None else {kind[:-1]: body})
        except exceptions.ClientException as problem:
            raise Unavailable('%s %s: %s' % (method, path, problem)) from problem

    @staticmethod
    def _done(answer, *as_good):
        if answer.status_code < 300:
            return answer.json() if answer.content else None
        kind, message = _error(answer)
        if answer.status_code in (404, 409) and kind in as_good:
            return None
        why = '%d %s' % (answer.status_code, message)
        # Without a type it is not taas-server that answers.
        if answer.status_code >= 500 or answer.status_code in LATER or not kind:
            raise Unavailable(why)
        if kind == 'PolicyNotAuthorized' or message == "Attribute 'id' not allowed in POST":
            raise Unavailable(why + ': the user of [taas_vpp] needs the roles admin and service')
        raise Refused(why)


def _error(answer):
    """Type and message of an answer that is not a success."""
    try:
        error = answer.json()['NeutronError']
        return error['type'], error['message']
    except (KeyError, TypeError, ValueError):
        return '', str(answer.text)[:200]
