"""The tables, one of each kind of tap."""
from django.urls import reverse
from horizon import exceptions, messages, tables
from openstack_dashboard import policy

from . import api, rows
from .errors import Refused

#: What Horizon draws a status as; one that is neither good nor bad is asked for again until it is.
STATUSES = (('active', True), ('error', False), ('down', None), ('pending_create', None), ('pending_delete', None))


class Create(tables.LinkAction):
    name = 'create'
    classes = ('ajax-modal',)
    icon = 'plus'
    kind = None

    def get_link_url(self, datum=None):
        return reverse('horizon:project:taps:create', args=(self.kind,))


class Edit(policy.PolicyTargetMixin, tables.LinkAction):
    name = 'edit'
    verbose_name = 'Edit'
    classes = ('ajax-modal',)
    icon = 'pencil'
    kind = None

    def get_link_url(self, datum):
        return reverse('horizon:project:taps:update', args=(self.kind, datum.id))


class Delete(policy.PolicyTargetMixin, tables.DeleteAction):
    kind = None
    words = ('', '')

    def action_present(self, count):
        return 'Delete ' + self.words[count != 1]

    def action_past(self, count):
        return 'Scheduled deletion of ' + self.words[count != 1]

    def delete(self, request, tap_id):
        try:
            api.delete(request, self.kind, tap_id)
        except Refused as refusal:
            name = self.table.get_object_display(self.table.get_object_by_id(tap_id))
            messages.error(request, '%s: %s' % (name, refusal))
            # Told: Horizon would say no more than that it was not done.
            raise exceptions.HandledException([type(refusal), refusal, None]) from refusal


class TapRow(tables.Row):
    """Asks for itself again while its tap has a status that passes."""

    ajax = True

    def get_data(self, request, tap_id):
        return rows.tap(request, self.table.kind, tap_id)


class TapsTable(tables.DataTable):
    kind = None

    def get_object_display(self, datum):
        return datum.name_or_id


def name_column():
    return tables.WrappingColumn('name_or_id', verbose_name='Name')


def port_column():
    return tables.WrappingColumn('port_name', verbose_name='Port')


def status_column():
    return tables.Column('status', verbose_name='Status', status=True, status_choices=STATUSES)


def reason_column():
    return tables.Column('status_reason', verbose_name='Reason')


def description_column():
    return tables.WrappingColumn('description', verbose_name='Description')


class CreateTapService(Create):
    verbose_name = 'Create Tap Service'
    kind = 'tap_service'
    policy_rules = (('network', 'create_tap_service'),)


class EditTapService(Edit):
    kind = 'tap_service'
    policy_rules = (('network', 'update_tap_service'),)


class DeleteTapService(Delete):
    kind = 'tap_service'
    words = ('Tap Service', 'Tap Services')
    policy_rules = (('network', 'delete_tap_service'),)


class TapServicesTable(TapsTable):
    kind = 'tap_service'
    name = name_column()
    port_name = port_column()
    status = status_column()
    status_reason = reason_column()
    description = description_column()

    class Meta:
        name = 'tap_services'
        verbose_name = 'Tap Services'
        status_columns = ['status']
        row_class = TapRow
        table_actions = (tables.NameFilterAction, CreateTapService, DeleteTapService)
        row_actions = (EditTapService, DeleteTapService)


class CreateTapFlow(Create):
    verbose_name = 'Create Tap Flow'
    kind = 'tap_flow'
    policy_rules = (('network', 'create_tap_flow'),)


class EditTapFlow(Edit):
    kind = 'tap_flow'
    policy_rules = (('network', 'update_tap_flow'),)


class DeleteTapFlow(Delete):
    kind = 'tap_flow'
    words = ('Tap Flow', 'Tap Flows')
    policy_rules = (('network', 'delete_tap_flow'),)


class TapFlowsTable(TapsTable):
    kind = 'tap_flow'
    name = name_column()
    port_name = port_column()
    direction = tables.Column('direction', verbose_name='Direction')
    vlan_filter = tables.Column('vlan_filter', verbose_name='VLANs')
    service_name = tables.WrappingColumn('service_name', verbose_name='Tap Service')
    status = status_column()
    status_reason = reason_column()
    description = description_column()

    class Meta:
        name = 'tap_flows'
        verbose_name = 'Tap Flows'
        status_columns = ['status']
        row_class = TapRow
        table_actions = (tables.NameFilterAction, CreateTapFlow, DeleteTapFlow)
        row_actions = (EditTapFlow, DeleteTapFlow)


class CreateTapMirror(Create):
    verbose_name = 'Create Tap Mirror'
    kind = 'tap_mirror'
    policy_rules = (('network', 'create_tap_mirror'),)


class EditTapMirror(Edit):
    kind = 'tap_mirror'
    policy_rules = (('network', 'update_tap_mirror'),)


class DeleteTapMirror(Delete):
    kind = 'tap_mirror'
    words = ('Tap Mirror', 'Tap Mirrors')
    policy_rules = (('network', 'delete_tap_mirror'),)


class TapMirrorsTable(TapsTable):
    kind = 'tap_mirror'
    name = name_column()
    port_name = port_column()
    directions_text = tables.Column('directions_text', verbose_name='Directions and Ids')
    remote_ip = tables.Column('remote_ip', verbose_name='Remote Address')
    mirror_type = tables.Column('mirror_type', verbose_name='Type')
    status = status_column()
    status_reason = reason_column()
    description = description_column()

    class Meta:
        name = 'tap_mirrors'
        verbose_name = 'Tap Mirrors'
        status_columns = ['status']
        row_class = TapRow
        table_actions = (tables.NameFilterAction, CreateTapMirror, DeleteTapMirror)
        row_actions = (EditTapMirror, DeleteTapMirror)
