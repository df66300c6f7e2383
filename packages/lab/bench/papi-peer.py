"""The Python client of VPP's binary API, doing what bench/vpp-api.ts does: the peer that our client is measured beside.

usage: papi-peer.py API_JSON_DIRECTORY API_SOCKET; prints one JSON object of seconds and counts.
"""
import json
import os
import sys
import time

from vpp_papi import VPPApiClient

directory, socket = sys.argv[1:3]
files = [os.path.join(at, name) for at, _, names in os.walk(directory) for name in names if name.endswith(".api.json")]
client = VPPApiClient(apifiles=files, server_address=socket)
client.connect("papi-peer")
api = client.api

pings = 1000
start = time.perf_counter()
for _ in range(pings):
    api.control_ping()
ping_seconds = time.perf_counter() - start

flows = 500
api.bridge_domain_add_del_v2(bd_id=7000, is_add=True, flood=True, uu_flood=True, forward=False, learn=False)
source = api.create_loopback_instance(is_specified=False).sw_if_index
api.sw_interface_set_l2_bridge(rx_sw_if_index=source, bd_id=7001, enable=True)
start = time.perf_counter()
made = []
for _ in range(flows):
    index = api.create_loopback_instance(is_specified=False).sw_if_index
    api.sw_interface_set_l2_bridge(rx_sw_if_index=index, bd_id=7000, shg=1, enable=True)
    api.sw_interface_span_enable_disable(sw_if_index_from=source, sw_if_index_to=index, state=3, is_l2=True)
    made.append(index)
flow_seconds = time.perf_counter() - start

for index in made:
    api.sw_interface_span_enable_disable(sw_if_index_from=source, sw_if_index_to=index, state=0, is_l2=True)
    api.delete_loopback(sw_if_index=index)
api.delete_loopback(sw_if_index=source)
api.bridge_domain_add_del_v2(bd_id=7000, is_add=False)
api.bridge_domain_add_del_v2(bd_id=7001, is_add=False)
client.disconnect()
print(json.dumps({"pings": pings, "ping_seconds": ping_seconds, "flows": flows, "flow_seconds": flow_seconds}))
