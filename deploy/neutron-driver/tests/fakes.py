"""A Neutron's database and a taas-server in memory."""
from networking_vpp_taas.plan import FIXED, REASON, Tap
from networking_vpp_taas.sync import Unavailable


def service(id_='s', status='DOWN', **more):
    return Tap('tap_services', id_, 'acme', ('name', ''), ('port',), status)._replace(**more)


def flow(id_='f', status='DOWN', **more):
    return Tap('tap_flows', id_, 'acme', ('name', ''), ('s', 'source', 'IN', None), status)._replace(**more)


def by_key(*taps):
    return {tap.key: tap for tap in taps}


class FakeNeutron:
    """The plugin's part is played by the test, which writes into `rows`."""

    def __init__(self, *taps):
        self.rows = by_key(*taps)
        self.reads = 0

    def put(self, *taps):
        self.rows.update(by_key(*taps))

    def taps(self):
        self.reads += 1
        return dict(self.rows)

    def wants(self, tap):
        row = self.rows.get(tap.key)
        return row is not None and not row.leaves

    def set_status(self, tap, status):
        row = self.rows.get(tap.key)
        if row is None or row.status != tap.status:
            return False
        self.rows[tap.key] = row._replace(status=status)
        return True

    def forget(self, tap):
        row = self.rows.get(tap.key)
        if row is None or not row.leaves:
            return False
        del self.rows[tap.key]
        return True

    def status(self, tap):
        row = self.rows.get(tap.key)
        return row and row.status


class FakeServer:
    """As taas-server: a created tap is DOWN, `work` makes it ACTIVE and lets what is deleted go."""

    def __init__(self, *taps):
        self.held = by_key(*taps)
        self.down = False
        self.failures = 0
        self.asked = []
        #: What it says to a POST, by id.
        self.answers = {}
        self.when_listed = lambda: None

    def _ask(self, what, tap):
        if self.down:
            raise Unavailable('connection refused')
        self.asked.append((what, tap.id))

    def taps(self):
        if self.down:
            self.failures += 1
            raise Unavailable('connection %d refused' % self.failures)
        held = dict(self.held)
        self.when_listed()
        return held

    def create(self, tap):
        self._ask('create', tap)
        if tap.id in self.answers:
            raise self.answers[tap.id]
        self.held.setdefault(tap.key, tap._replace(status='DOWN', reason=REASON))

    def change(self, tap):
        self._ask('change', tap)
        self.held[tap.key] = self.held[tap.key]._replace(texts=tap.texts, reason=REASON)

    def remove(self, tap):
        self._ask('remove', tap)
        if tap.key in self.held:
            self.held[tap.key] = self.held[tap.key]._replace(status='PENDING_DELETE')

    def work(self):
        """What agents do."""
        self.held = {key: tap._replace(status='ACTIVE') for key, tap in self.held.items() if not tap.leaves}


class Silent:
    """A logger that remembers."""

    def __init__(self):
        self.lines = []

    def _say(self, text, *values):
        self.lines.append(text % values)

    info = warning = error = exception = _say


__all__ = ['FIXED', 'FakeNeutron', 'FakeServer', 'Silent', 'by_key', 'flow', 'service']
