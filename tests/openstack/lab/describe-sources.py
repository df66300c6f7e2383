"""describe-sources.py OUT CHECKOUT...: what pip would say of checkouts of Python projects, so that they run without being installed.

Programs find each other's plugins, and their own versions, by the metadata of distributions.
"""
import pathlib
import subprocess
import sys
import tomllib

out = pathlib.Path(sys.argv[1])
for checkout in map(pathlib.Path, sys.argv[2:]):
    project = tomllib.loads((checkout / 'pyproject.toml').read_text())['project']
    name = project['name']
    date = subprocess.run(
        ['git', '-C', checkout, 'log', '-1', '--format=%cd', '--date=format:%Y.%m.%d'],
        capture_output=True, text=True, check=True,
    ).stdout.strip()
    described = out / f"{name.replace('-', '_')}-{date}.dist-info"
    described.mkdir(parents=True)
    (described / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {date}\n')
    groups = project.get('entry-points', {}).items()
    text = ''.join(f'[{group}]\n' + ''.join(f'{k} = {v}\n' for k, v in entries.items()) for group, entries in groups)
    (described / 'entry_points.txt').write_text(text)
    print(f'{name} of {date}')
