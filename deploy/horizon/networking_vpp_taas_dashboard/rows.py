"""What the tables show: taps by the API, the names of ports by Neutron. What is wrong is told to the user."""
import logging

from horizon import exceptions, messages
from openstack_dashboard.api import neutron

from . import api
from .errors import Gone, Refused, Unauthorized
from .tap import Tap

LOG = logging.getLogger(__name__)


def taps(request, kind):
    """The rows of a table; none where the API does not list them, and then it has been told why."""
    try:
        shown, more = api.taps(request, kind)
        names = dict(port_names(request), **(_service_names(request) if kind == 'tap_flow' else {}))
    except Unauthorized:
        # Horizon's own way: out.
        raise exceptions.NotAuthorized from None
    except Refused as refusal:
        # Not by Horizon's handling of errors, which takes a % in the words for a place to fill in.
        messages.error(request, str(refusal))
        return []
    if more:
        messages.warning(request, 'There are more than are shown: these are the first %d.' % len(shown))
    return [Tap(each, names) for each in shown]


def tap(request, kind, tap_id):
    """One row. Raises Refused."""
    shown = Tap(api.show(request, kind, tap_id))
    names = _one_port(request, shown.source_port or shown.port_id)
    if shown.tap_service_id:
        names.update(_one_service(request, shown.tap_service_id))
    return shown.named(names)


def port_names(request):
    """The names of the project's ports by id; none where Neutron does not list them, and then it has been told."""
    try:
        return {port.id: port.name for port in ports(request)}
    except Exception:  # of whichever client Horizon asks Neutron with
        exceptions.handle(request, 'Ports are shown by their ids: Neutron does not list them.')
        return {}


def ports(request):
    """The ports of the user's project."""
    return neutron.port_list(request, project_id=request.user.project_id)


def _service_names(request):
    return {each['id']: each['name'] for each in api.taps(request, 'tap_service')[0]}


def _one_port(request, port_id):
    try:
        return {port_id: neutron.port_get(request, port_id).name}
    except Exception as problem:  # as above; the port may be gone before its tap
        LOG.info('port %s has no name: %s', port_id, problem)
        return {}


def _one_service(request, service_id):
    try:
        return {service_id: api.show(request, 'tap_service', service_id)['name']}
    except Gone:
        return {}
