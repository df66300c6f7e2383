"""The forms. They check nothing: what is wrong the API says, and the form shows it."""
from horizon import forms, messages

from . import api, rows
from .errors import Refused, Unauthorized
from .tap import body_of

DIRECTIONS = ('BOTH', 'IN', 'OUT')
MIRROR_TYPES = ('gre', 'erspanv1')


def choices(values):
    return [(value, value) for value in values]


def select(label, values=()):
    # Django's own list: Horizon's shows a name with markup in it as &lt;, which is safe and not its name.
    return forms.ChoiceField(label=label, choices=choices(values))


def port_choices(request):
    """Each port as a person knows it: name, addresses, and the beginning of its id."""
    def label(port):
        addresses = ', '.join(each['ip_address'] for each in port.fixed_ips)
        return ' '.join(part for part in (port.name, addresses, '(%s)' % port.id[:8]) if part)

    return sorted(((port.id, label(port)) for port in rows.ports(request)), key=lambda each: each[1])


class TapForm(forms.SelfHandlingForm):
    name = forms.CharField(label='Name', required=False, strip=False)
    description = forms.CharField(label='Description', required=False, strip=False,
                                  widget=forms.Textarea(attrs={'rows': 3}))
    kind = None
    words = ''

    def clean_description(self):
        # Browsers send lines as the web has them.
        return self.cleaned_data['description'].replace('\r\n', '\n')

    def handle(self, request, data):
        try:
            shown = self.ask(request, data)
        except Unauthorized:
            raise
        except Refused as refusal:
            self.api_error(str(refusal))
            return None
        messages.success(request, '%s: %s' % (self.words, shown['name'] or shown['id']))
        return shown

    def ask(self, request, data):
        return api.create(request, self.kind, body_of(data))


class CreateTapService(TapForm):
    kind = 'tap_service'
    words = 'Created tap service'
    port_id = select('Port that receives the copies')

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self.fields['port_id'].choices = port_choices(request)


class CreateTapFlow(TapForm):
    kind = 'tap_flow'
    words = 'Created tap flow'
    source_port = select('Port that is copied')
    tap_service_id = select('Tap service that receives the copies')
    direction = select('Direction', DIRECTIONS)
    vlan_filter = forms.CharField(label='VLANs', required=False,
                                  help_text='Ids and ranges by comma, such as 9,18-27; empty for all traffic.')

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self.fields['source_port'].choices = port_choices(request)
        services = api.taps(request, 'tap_service')[0]
        self.fields['tap_service_id'].choices = [(each['id'], each['name'] or each['id']) for each in services]
        if not api.supports(request, 'taas-vlan-filter'):
            del self.fields['vlan_filter']


class CreateTapMirror(TapForm):
    kind = 'tap_mirror'
    words = 'Created tap mirror'
    port_id = select('Port that is copied')
    remote_ip = forms.CharField(label='Address that receives the copies')
    mirror_type = select('Type', MIRROR_TYPES)
    id_IN = forms.CharField(label='Tunnel id of IN', required=False, help_text='Of what goes to the port.')
    id_OUT = forms.CharField(label='Tunnel id of OUT', required=False, help_text='Of what comes from the port.')
    id_BOTH = forms.CharField(label='Tunnel id of BOTH', required=False, help_text='Of both.')

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self.fields['port_id'].choices = port_choices(request)
        if not api.supports(request, 'tap-mirror-both-direction'):
            del self.fields['id_BOTH']


class UpdateTap(TapForm):
    words = 'Changed'

    def __init__(self, request, *args, kind, tap_id, **kwargs):
        super().__init__(request, *args, **kwargs)
        self.kind, self.tap_id = kind, tap_id

    def ask(self, request, data):
        return api.update(request, self.kind, self.tap_id, data)
