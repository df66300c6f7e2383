"""What it takes to make taas-server have the taps of Neutron's database. Pure: no connection, no clock."""
from typing import NamedTuple

#: A tap service before its flows. What of a tap cannot be changed, besides its project.
FIXED = {
    'tap_services': ('port_id',),
    'tap_flows': ('tap_service_id', 'source_port', 'direction', 'vlan_filter'),
}
#: What can be.
TEXTS = ('name', 'description')
#: The reason that taas-server shows for a tap of Neutron's. A tap with another one is somebody else's, and left alone.
REASON = "kept by Neutron's TaaS plugin: change it there"

PENDING_DELETE = 'PENDING_DELETE'


class Tap(NamedTuple):
    """A tap as Neutron's database or taas-server has it."""

    kind: str
    id: str
    project: str
    texts: tuple
    fixed: tuple
    status: str
    reason: str = REASON

    @property
    def key(self):
        return self.kind, self.id

    @property
    def leaves(self):
        return self.status == PENDING_DELETE

    @property
    def asked(self):
        """All but what taas-server says of it."""
        return self.key, self.project, self.texts, self.fixed, self.leaves


def tap_of(kind, row, reason=REASON):
    """A tap from what either API shows."""
    texts = tuple(row[name] or '' for name in TEXTS)
    fixed = tuple(row[name] for name in FIXED[kind])
    return Tap(kind, row['id'], row['tenant_id'], texts, fixed, row['status'], reason)


class Step(NamedTuple):
    """`what`: create, change or remove at the server; status or forget in Neutron's database."""

    what: str
    tap: Tap
    status: str = ''


class Plan(NamedTuple):
    steps: list
    #: Taps of the server that Neutron does not have, as it seems.
    suspects: frozenset


def plan(wanted, actual, suspected=frozenset()):
    """The steps from what the server has (`actual`) to what Neutron has (`wanted`), both by key.

    A tap that Neutron does not have is removed when two looks in a row (`suspected`: the one before) have not found
    it: one look may have been at a database that had not heard of it yet.
    """
    steps, suspects = [], set()
    for key, tap in _in_order(wanted):
        steps += _towards(tap, actual.get(key))
    # Flows before their tap service, which would take them along.
    for key, tap in reversed(_in_order(actual)):
        if key in wanted or tap.reason != REASON or tap.leaves:
            continue
        suspects.add(key)
        if key in suspected:
            steps.append(Step('remove', tap))
    return Plan(steps, frozenset(suspects))


def _towards(tap, there):
    if tap.leaves:
        if there is None:
            return [Step('forget', tap)]
        return [] if there.leaves else [Step('remove', tap)]
    if there is None:
        return [Step('create', tap)]
    if there.leaves:
        # Somebody deleted it there: it is made again when it is gone. Neutron must not take that for its own deletion.
        return _told(tap, 'DOWN')
    if (there.project, there.fixed) != (tap.project, tap.fixed):
        # Nobody but Neutron gives its ids, so this is not known to be the same tap: it is not touched.
        return _told(tap, 'ERROR')
    texts = [] if (there.texts, there.reason) == (tap.texts, REASON) else [Step('change', tap)]
    return texts + _told(tap, there.status)


def _told(tap, status):
    return [] if tap.status == status else [Step('status', tap, status)]


def _in_order(taps):
    kinds = list(FIXED)
    return sorted(taps.items(), key=lambda each: (kinds.index(each[0][0]), each[0][1]))
