"""sdk-story.py SOURCE COLLECTOR: a tap service, flow and mirror by openstacksdk; prints what it was shown as JSON."""
import json
import sys

import openstack
from openstack import exceptions

source, collector = sys.argv[1:]
network = openstack.connect().network
said = {}


def kept(item):
    return {key: value for key, value in item.to_dict(computed=False).items() if not isinstance(value, type(openstack))}


service = network.create_tap_service(name='by the sdk', port_id=collector)
flow = network.create_tap_flow(tap_service_id=service.id, source_port=source, direction='BOTH', name='by the sdk')
mirror = network.create_tap_mirror(
    name='by the sdk', port_id=source, directions={'IN': 4242}, remote_ip='192.0.2.7', mirror_type='gre')
said['service'] = kept(network.get_tap_service(service.id))
said['flow'] = kept(network.find_tap_flow('by the sdk'))
said['mirror'] = kept(network.get_tap_mirror(mirror.id))
said['listed'] = [each.id for each in network.tap_flows(tap_service_id=service.id)]
said['renamed'] = network.update_tap_flow(flow, name='renamed').name
network.delete_tap_mirror(mirror)
network.delete_tap_flow(flow)
network.delete_tap_service(service)
try:
    network.create_tap_flow(tap_service_id=service.id, source_port=collector, direction='SIDEWAYS')
except exceptions.BadRequestException as error:
    said['refused'] = str(error)
print(json.dumps(said))
