"""networking-vpp's parts of Neutron, suited to Neutron 21 (Zed), which is newer than the ones that it was made for.

Nothing of networking-vpp is changed on disk: what Neutron calls differently is translated around it. A name that is not
there fails the start of Neutron.
"""
import functools
import sys
import types

import neutron.services.trunk
from networking_vpp import mech_vpp
from networking_vpp.db import db
from neutron_lib.callbacks import events, registry
from neutron_lib import context
from neutron_lib.db import api as db_api


def replace(owner, name, make):
    """Puts make(what is there now) in its place. Raises AttributeError if there is nothing."""
    setattr(owner, name, make(getattr(owner, name)))


def in_a_transaction(journal_read):
    """Zed has no transactions on a session that nobody has begun one on."""
    @functools.wraps(journal_read)
    def read(_session, work):
        writer = context.get_admin_context()
        with db_api.CONTEXT_WRITER.using(writer):
            return journal_read(writer.session, work)
    return read


def with_arguments(callback):
    """Since Train, callbacks of security groups are given one payload; before, these arguments."""
    @functools.wraps(callback)
    def called(self, resource, event, trigger, payload):
        arguments = {'context': payload.context}
        if event == events.PRECOMMIT_DELETE:
            arguments[f'{resource}_id'] = payload.resource_id
            arguments['security_group_id'] = payload.metadata.get('security_group_id', payload.resource_id)
        else:
            arguments[resource] = payload.latest_state
        return callback(self, resource, event, trigger, **arguments)
    return called


replace(db, 'journal_read', in_a_transaction)
replace(mech_vpp.EtcdAgentCommunicator, 'process_secgroup_commit', with_arguments)
MechanismDriver = mech_vpp.VPPMechanismDriver


def __getattr__(name):
    """The service plugins, only where they are asked for."""
    if name == 'TrunkPlugin':
        return trunk_plugin()
    if name == 'RouterPlugin':
        from networking_vpp.services.l3_router import l3_vpp
        return l3_vpp.VppL3RouterPlugin
    raise AttributeError(name)


class Publisher:
    """The registry as it was when it had `notify`."""

    def __getattr__(self, name):
        return getattr(registry, name)

    def notify(self, resource, event, trigger, payload=None):
        """What became `publish`."""
        registry.publish(resource, event, trigger, payload=payload or events.EventPayload(None))


def payload_of(a_context, trunk_id, original_trunk=None, current_trunk=None, subports=None):
    """What took the place of trunks' own payload."""
    states = tuple(state for state in (original_trunk, current_trunk) if state is not None)
    return events.DBEventPayload(a_context, resource_id=trunk_id, states=states, metadata={'subports': subports})


@functools.cache
def trunk_plugin():
    """networking-vpp's service plugin for trunks; it imports a module that Neutron has no more."""
    gone = types.ModuleType('neutron.services.trunk.callbacks')
    gone.TrunkPayload = payload_of
    sys.modules[gone.__name__] = neutron.services.trunk.callbacks = gone
    from networking_vpp.services.trunk import trunk_vpp

    def of_port(callback):
        @functools.wraps(callback)
        def called(self, resource, event, trigger, payload=None, **arguments):
            if payload is not None:
                original, current = payload.states[0], payload.latest_state
                arguments = {'context': payload.context, 'original_port': original, 'port': current}
            return callback(self, resource, event, trigger, **arguments)
        return called

    replace(trunk_vpp, 'registry', lambda _: Publisher())
    replace(trunk_vpp.VppTrunkPlugin, '_trigger_etcd_trunk_update', of_port)
    return trunk_vpp.VppTrunkPlugin
