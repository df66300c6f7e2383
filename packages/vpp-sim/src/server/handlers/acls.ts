import type { FieldValues } from 'vpp-api';
import type { Acl, AclRule } from '../../engine/acl-table.js';
import type { Engine } from '../../engine/engine.js';
import { NO_INDEX } from '../../engine/interface.js';
import { type Fields, prefixField } from '../fields.js';
import { dump, type Handlers, write } from '../handler.js';

/** ACLs and where they are applied. */
export const aclHandlers: Handlers = {
  acl_add_replace: write(
    (fields, { engine }) => {
      const rules = fields.structs('r').map(ruleOf);
      return { acl_index: engine.acls.addReplace(fields.number('acl_index'), fields.text('tag'), rules) };
    },
    { acl_index: NO_INDEX },
  ),
  acl_del: write((fields, { engine }) => {
    engine.acls.delete(fields.number('acl_index'));
    return undefined;
  }),
  acl_dump: dump((fields, { engine }) => aclDetails(engine, fields.number('acl_index'))),
  acl_interface_set_acl_list: write((fields, { engine }) => {
    const index = engine.interfaces.get(fields.number('sw_if_index')).swIfIndex;
    const acls = fields.numbers('acls');
    const [input, output] = [acls.slice(0, fields.number('n_input')), acls.slice(fields.number('n_input'))];
    // VPP loses the error on its way and answers 1, which no client takes for one (plugins/acl/acl.c).
    if (namedTwice(input) || namedTwice(output)) return { retval: 1 };
    engine.acls.bind(index, input, output);
    return undefined;
  }),
  acl_interface_set_etype_whitelist: write((fields, { engine }) => {
    const index = engine.interfaces.get(fields.number('sw_if_index')).swIfIndex;
    const [types, inputs] = [fields.numbers('whitelist'), fields.number('n_input')];
    engine.acls.limitEtherTypes(index, types.slice(0, inputs), types.slice(inputs));
    return undefined;
  }),
  acl_interface_etype_whitelist_dump: dump((fields, { engine }) =>
    etherTypeDetails(engine, fields.number('sw_if_index')),
  ),
  acl_interface_list_dump: dump((fields, { engine }) => listDetails(engine, fields.number('sw_if_index'))),
};

function namedTwice(list: readonly number[]): boolean {
  return new Set(list).size !== list.length;
}

function ruleOf(fields: Fields): AclRule {
  return {
    action: fields.number('is_permit'),
    src: fields.prefix('src_prefix'),
    dst: fields.prefix('dst_prefix'),
    protocol: fields.number('proto'),
    srcPortFirst: fields.number('srcport_or_icmptype_first'),
    srcPortLast: fields.number('srcport_or_icmptype_last'),
    dstPortFirst: fields.number('dstport_or_icmpcode_first'),
    dstPortLast: fields.number('dstport_or_icmpcode_last'),
    tcpFlagsMask: fields.number('tcp_flags_mask'),
    tcpFlagsValue: fields.number('tcp_flags_value'),
  };
}

function ruleField(rule: AclRule): FieldValues {
  return {
    is_permit: rule.action,
    src_prefix: prefixField(rule.src),
    dst_prefix: prefixField(rule.dst),
    proto: rule.protocol,
    srcport_or_icmptype_first: rule.srcPortFirst,
    srcport_or_icmptype_last: rule.srcPortLast,
    dstport_or_icmpcode_first: rule.dstPortFirst,
    dstport_or_icmpcode_last: rule.dstPortLast,
    tcp_flags_mask: rule.tcpFlagsMask,
    tcp_flags_value: rule.tcpFlagsValue,
  };
}

function* aclDetails(engine: Engine, index: number): Generator<FieldValues> {
  const only = engine.acls.find(index);
  const acls: Iterable<Acl> = index === NO_INDEX ? engine.acls.all() : only === undefined ? [] : [only];
  for (const acl of acls) yield { acl_index: acl.index, tag: acl.tag, r: acl.rules.map(ruleField) };
}

/** Only interfaces that have a list have a row. */
function* etherTypeDetails(engine: Engine, index: number): Generator<FieldValues> {
  const only = engine.interfaces.find(index);
  for (const { swIfIndex } of index === NO_INDEX ? engine.interfaces.all() : only === undefined ? [] : [only]) {
    const { input, output } = engine.acls.etherTypesOf(swIfIndex);
    if (input.length + output.length > 0)
      yield { sw_if_index: swIfIndex, n_input: input.length, whitelist: [...input, ...output] };
  }
}

/** Every interface has a row, with an empty list if no ACL is applied. */
function* listDetails(engine: Engine, index: number): Generator<FieldValues> {
  const only = engine.interfaces.find(index);
  for (const { swIfIndex } of index === NO_INDEX ? engine.interfaces.all() : only === undefined ? [] : [only]) {
    const { input, output } = engine.acls.bindingOf(swIfIndex);
    yield { sw_if_index: swIfIndex, n_input: input.length, acls: [...input, ...output] };
  }
}
