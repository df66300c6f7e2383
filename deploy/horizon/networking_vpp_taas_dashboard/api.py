"""The TaaS API at the network endpoint of the user's catalog, asked with the user's token.

Not by a client library: neutronclient knows no taps, and Horizon 26 does not have it any more; the SDK that it has
instead knows no reasons. keystoneauth is in every Horizon, and is what both are built on.
"""
import logging
from urllib.parse import quote

from django.conf import settings
from keystoneauth1 import exceptions as client_exceptions
from keystoneauth1 import session, token_endpoint
from openstack_dashboard.api import base, neutron

from . import answer
from .errors import Refused

LOG = logging.getLogger(__name__)
#: Seconds for an answer: a page must not wait for ever.
TIMEOUT = 60


def supports(request, extension):
    """Whether the endpoint has an extension of Neutron's API. Not while nobody can tell: what it brings is not offered then."""
    try:
        return neutron.is_extension_supported(request, extension)
    except Exception as problem:  # of whichever client Horizon asks Neutron with
        LOG.warning('taps are not offered: the network service does not tell its extensions: %s', problem)
        return False


def taps(request, kind):
    """The taps of the user's project as the API shows them, and whether there are more than these."""
    # An administrator is shown those of all projects, which is not what a page about one project is for.
    shown, body = _ask(request, 'GET', kind + 's', '?project_id=%s' % request.user.project_id, key=kind + 's')
    return shown, answer.has_more(body, kind + 's')


def show(request, kind, id_):
    return _ask(request, 'GET', kind + 's', '/' + quote(id_, safe=''), key=kind)[0]


def create(request, kind, body):
    return _ask(request, 'POST', kind + 's', '', {kind: body}, kind)[0]


def update(request, kind, id_, body):
    return _ask(request, 'PUT', kind + 's', '/' + quote(id_, safe=''), {kind: body}, kind)[0]


def delete(request, kind, id_):
    _ask(request, 'DELETE', kind + 's', '/' + quote(id_, safe=''))


def _ask(request, method, collection, rest, body=None, key=None):
    """What an answer has under `key`, and all of it. Raises Refused unless it is a success."""
    verify = not settings.OPENSTACK_SSL_NO_VERIFY and (settings.OPENSTACK_SSL_CACERT or True)
    endpoint = base.url_for(request, 'network').rstrip('/')
    url = endpoint + '/v2.0/taas/' + collection + rest
    try:
        auth = token_endpoint.Token(endpoint, request.user.token.id)
        client = session.Session(auth, verify=verify, timeout=TIMEOUT, redirect=False)
        said = client.request(url, method, raise_exc=False, json=body)
    except client_exceptions.ClientException as problem:
        LOG.warning('%s %s: %s', method, url, problem)
        done = '' if method == 'GET' else ' Nobody knows whether it has done what was asked: look before you try again.'
        raise Refused('The network service does not answer.' + done) from problem
    told = _json(said)
    return answer.read(said.status_code, told, key), told


def _json(said):
    try:
        return said.json()
    except ValueError:
        return None
