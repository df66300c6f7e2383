import { ConfigError, checkConfig, options, silentLogger, systemClock } from '@taas/service';
import { describe, expect, it } from 'vitest';
import { etcdOptions, openEtcd } from './etcd-config.js';

const deps = { clock: systemClock, logger: silentLogger, random: Math.random };

function open(more: object): void {
  const { etcd } = checkConfig(options({ etcd: etcdOptions }), { etcd: more }, 'taas.yaml');
  openEtcd(etcd, 'taas.yaml', deps);
}

describe('options of etcd that cannot be used are named as the file names them', () => {
  it.each([
    [{ endpoints: ['ftp://somewhere'] }, /^taas\.yaml: option "etcd\.endpoints": every one must be http/],
    [{ ca_file: '/nowhere/ca.pem' }, /^taas\.yaml: option "etcd\.ca_file": \/nowhere\/ca\.pem cannot be read/],
    [{ user: 'u', password_file: '/nowhere/pw' }, /^taas\.yaml: option "etcd\.password_file": \/nowhere\/pw cannot/],
  ])('%j', (more, says) => {
    expect(() => open(more)).toThrow(ConfigError);
    expect(() => open(more)).toThrow(says);
  });
});
