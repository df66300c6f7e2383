"""describe-checkout.py OUT CHECKOUT MODULE: what pip would say of a checkout of networking-vpp, so that it runs without being installed.

Programs find each other's plugins by the entry points of distributions. Those that run inside Neutron are taken from
MODULE, which suits networking-vpp's classes to the Neutron that is here; it fails if one is missing.
"""
import configparser
import pathlib
import sys

out, checkout, module = sys.argv[1:]
setup = configparser.ConfigParser()
setup.read(pathlib.Path(checkout) / 'setup.cfg')
name = setup['metadata']['name']
groups = configparser.ConfigParser(comment_prefixes=('#',), delimiters=('=',))
groups.optionxform = str
for group, text in setup['entry_points'].items():
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith('#')]
    groups[group] = dict((part.strip() for part in line.split('=', 1)) for line in lines)
suited = {
    'neutron.ml2.mechanism_drivers': {'vpp': 'MechanismDriver'},
    'neutron.service_plugins': {'vpp-trunk': 'TrunkPlugin', 'vpp-router': 'RouterPlugin'},
}
for group, entries in suited.items():
    for key, attribute in entries.items():
        if key not in groups[group]:
            sys.exit(f'{checkout}/setup.cfg has no {key} among {group}: not the networking-vpp that these tests know')
        groups[group][key] = f'{module}:{attribute}'
folder = pathlib.Path(out) / f"{name.replace('-', '_')}-20.9.dist-info"
folder.mkdir(parents=True)
(folder / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: 20.9\n')
with open(folder / 'entry_points.txt', 'w', encoding='utf-8') as file:
    groups.write(file)
