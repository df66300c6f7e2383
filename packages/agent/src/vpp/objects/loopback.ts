import type { LoopbackStep } from '@taas/wiring';
import { toVppMac } from 'vpp-api';
import { anyIndex } from '../vpp-messages.js';
import { type Twin, unread } from './twin.js';

export const loopbackTwin: Twin<LoopbackStep> = {
  send: {
    'create-loopback': async (s, { vpp }) => {
      const place = { is_specified: false, user_instance: anyIndex };
      const reply = await vpp.request('create_loopback_instance', { mac_address: toVppMac(s.mac), ...place });
      return reply.sw_if_index;
    },
    'delete-loopback': (s, { vpp, at }) => vpp.request('delete_loopback', { sw_if_index: at(s.at) }),
  },
  ...unread,
};
