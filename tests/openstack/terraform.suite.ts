import { describe, expect, it } from 'vitest';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { rest } from './lab/rest.js';
import type { TaasFront } from './taas-front.js';

/**
 * What the OpenStack provider of Terraform sends for `openstack_taas_tap_mirror_v2`, the only resource for taps that it has, and what it
 * must be able to read (terraform-provider-openstack of July 2026: `resource_openstack_taas_tap_mirror_v2.go`; gophercloud v2,
 * `networking/v2/extensions/taas/tapmirrors`). Terraform itself does not run here.
 */
export function describeTerraform(cloud: () => { readonly lab: OpenStackLab; readonly front: TaasFront }): void {
  describe("what Terraform's provider asks for", () => {
    const ask = async (method: string, path: string, body?: object) =>
      rest(method, `${cloud().front.url}/v2.0/taas/tap_mirrors${path}`, await cloud().lab.token('alice'), body);
    const port = (name: string): string => cloud().lab.networks.ports[name] ?? `no such port: ${name}`;
    /** Empty texts but the name are left out, and ids are texts. */
    const resource = (name: string, more: object) => ({
      tap_mirror: { name, port_id: port('acme-port6'), mirror_type: 'erspanv1', remote_ip: '192.0.2.9', ...more },
    });

    it('a tap mirror is made, read as it was written, changed in place, and gone', async () => {
      const directions = { IN: '1000', OUT: '1001' };
      const made = await ask('POST', '', resource('tap_mirror_1', { description: 'desc', directions }));
      // gophercloud takes 201 and 202.
      expect(made).toMatchObject({ status: 201, body: { tap_mirror: { id: expect.any(String) } } });
      const { id } = made.body.tap_mirror;
      const project = cloud().lab.identity.projects['acme'];
      const owner = { tenant_id: project, project_id: project };
      const wanted = resource('tap_mirror_1', { description: 'desc', ...owner, directions }).tap_mirror;
      // Go's decoder refuses a number where the field says text; anything else than what was written would be a change to be made.
      expect(await ask('GET', `/${id}`)).toMatchObject({ status: 200, body: { tap_mirror: { id, ...wanted } } });
      const update = { name: 'updated', description: '' };
      expect(await ask('PUT', `/${id}`, { tap_mirror: update })).toMatchObject({ status: 200 });
      expect((await ask('GET', `/${id}`)).body.tap_mirror).toMatchObject({ id, ...wanted, ...update });
      expect((await ask('DELETE', `/${id}`)).status).toBe(204);
      // It takes nothing else than this for gone.
      expect((await ask('GET', `/${id}`)).status).toBe(404);
    });

    it('without a description, and with one direction: the other is not there, as it takes 0 for none', async () => {
      const directions = { OUT: '1002' };
      const made = await ask('POST', '', resource('', { directions }));
      const { id } = made.body.tap_mirror;
      const read = (await ask('GET', `/${id}`)).body.tap_mirror;
      expect(read).toMatchObject({ name: '', description: '' });
      expect(read.directions).toEqual(directions);
      expect((await ask('DELETE', `/${id}`)).status).toBe(204);
    });

    it('a tap mirror that is wrong is refused with the reason, and none is there', async () => {
      const wrong = await ask('POST', '', resource('wrong', { directions: { IN: '4096' } }));
      expect(wrong).toMatchObject({
        status: 400,
        body: { NeutronError: { message: expect.stringContaining('4096') } },
      });
      expect((await ask('GET', '?name=wrong')).body).toEqual({ tap_mirrors: [] });
    });
  });
}
