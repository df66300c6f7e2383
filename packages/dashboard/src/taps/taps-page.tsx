import { useComputed, useSignal } from '@preact/signals';
import type { Kind } from '../api/shapes.js';
import { Notice } from '../parts/small.js';
import { linkTo } from '../route.js';
import { useServices } from '../services.js';
import { filtered, type RowFilter } from './tap-row.js';
import { TapTable } from './tap-table.js';

const statuses = ['ACTIVE', 'PENDING_CREATE', 'DOWN', 'ERROR', 'PENDING_DELETE'] as const;

/** All taps of the project, however many. */
export function TapsPage() {
  const { taps, session } = useServices();
  const filter = useSignal<RowFilter>({ text: '', kind: '', status: '' });
  const rows = useComputed(() => filtered(taps.rows.value, filter.value, taps.ports.value));
  const change = (some: Partial<RowFilter>) => {
    filter.value = { ...filter.value, ...some };
  };
  const { is, why } = taps.state.value;
  const may = session.info?.may ?? {};
  const mayCreate = may['create_tap_flow'] || may['create_tap_mirror'] || may['create_tap_service'];
  const all = taps.rows.value.length;
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}>Taps</h1>
        {mayCreate ? (
          <a class="button primary" href={linkTo('new')}>
            New tap
          </a>
        ) : null}
      </div>
      {is === 'failed' ? <Notice tone="bad">{why}</Notice> : null}
      <search class="filters">
        <label>
          <span class="unseen">Filter by words</span>
          <input
            type="search"
            placeholder="Filter: name, id, port, status, reason"
            onInput={({ currentTarget }) => change({ text: currentTarget.value })}
          />
        </label>
        <label>
          <span class="unseen">Kind</span>
          <select onChange={({ currentTarget }) => change({ kind: currentTarget.value as Kind | '' })}>
            <option value="">all kinds</option>
            <option value="tap_flow">flows</option>
            <option value="tap_mirror">mirrors</option>
            <option value="tap_service">services</option>
          </select>
        </label>
        <label>
          <span class="unseen">Status</span>
          <select onChange={({ currentTarget }) => change({ status: currentTarget.value })}>
            <option value="">any status</option>
            <option value="warned">with a reason</option>
            <option value="waiting_for_consent">waits for consent</option>
            <option value="expires_soon">ends soon</option>
            {statuses.map((status) => (
              <option key={status}>{status}</option>
            ))}
          </select>
        </label>
        <span class="count" role="status">
          {rows.value.length === all ? `${all} taps` : `${rows.value.length} of ${all} taps`}
          {is === 'loading' ? ' so far …' : ''}
        </span>
      </search>
      {is === 'there' && all === 0 ? (
        <Notice tone="quiet">There are no taps in this project.</Notice>
      ) : (
        <TapTable rows={rows.value} />
      )}
    </>
  );
}
