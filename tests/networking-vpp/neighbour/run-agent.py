"""run-agent.py SOCKET API_FILES OPTION...: networking-vpp's agent as it is, with the surroundings that it was made for.

Nothing of networking-vpp is changed. Neutron 21 no longer registers its options when it is imported; this does. VPP's
Python client is given the socket and the folder of API files of this node's VPP, and is suited to a process of green
threads: it reads in a thread of its own and hands over by a multiprocessing.Queue, which stops all of them.
"""
import eventlet

eventlet.monkey_patch()

# pylint: disable=wrong-import-position
import pathlib
import sys
import types

import vpp_papi
from eventlet import patcher
from neutron.common import config as neutron_config
from neutron.conf.agent import common as agent_config
from oslo_config import cfg
from vpp_papi import vpp_papi as client_module
from vpp_papi import vpp_transport_socket

socket_path, api_files = sys.argv[1:3]
files = [str(path) for folder in api_files.split(':') for path in pathlib.Path(folder).rglob('*.api.json')]
if not files:
    sys.exit(f'there is no *.api.json below {api_files}')


class Transport(vpp_transport_socket.VppTransport):
    """Reads where it is called: whoever asks VPP waits for the answer anyway."""

    def msg_thread_func(self):
        """Nobody reads but the caller."""

    def read(self, timeout=None):
        """The next answer; events, which nobody has asked for, are passed over."""
        while True:
            message = self._read()
            if not message or self.parent.has_context(message):
                return message


def client(_files, async_thread=False):
    """networking-vpp names a fixed folder, VPP's default socket, and a class that later releases call otherwise."""
    where = {'use_socket': True, 'server_address': socket_path}
    made = vpp_papi.VPPApiClient(apifiles=files, async_thread=async_thread, read_timeout=10, **where)
    made.ask = made.connect

    def connect(*args, **kwargs):
        result = made.ask(*args, **kwargs)
        tagging = made.api.sw_interface_tag_add_del

        def tag(is_add, sw_if_index, tag=None):
            # VPP 26.06 refuses to set no tag, which took the tag away before.
            wanted = {'is_add': is_add, 'tag': tag} if tag is not None else {'is_add': False}
            return tagging(sw_if_index=sw_if_index, **wanted)
        made.api.sw_interface_tag_add_del = tag
        if not hasattr(made.api, 'nat44_interface_dump'):
            # Its messages for NAT became others in VPP 21.06; routers here do without.
            made.api.nat44_interface_dump = lambda **_: []
            made.api.nat44_interface_add_del_feature = lambda **_: types.SimpleNamespace(retval=0)
        return result
    made.connect = connect
    return made


vpp_transport_socket.socket = patcher.original('socket')
# Old clients look it up when they are made, newer ones when they are imported.
vpp_transport_socket.VppTransport = client_module.VppTransport = Transport
vpp_papi.VPP = client
neutron_config.register_common_config_options()
agent_config.register_root_helper(cfg.CONF)
sys.argv[1:] = sys.argv[3:]

from networking_vpp.agent import server  # noqa: E402 (after all that it finds at its import)

server.main()
