"""The pages: one with the tables, and the forms above it."""
from django.conf import settings
from django.urls import reverse
from horizon import exceptions, forms, messages, tabs

from . import api
from .errors import Refused, Unauthorized
from .forms import CreateTapFlow, CreateTapMirror, CreateTapService, UpdateTap
from .tabs import TapTabs
from .tap import TEXTS

FORMS = {form.kind: form for form in (CreateTapService, CreateTapFlow, CreateTapMirror)}


class IndexView(tabs.TabbedTableView):
    tab_group_class = TapTabs
    template_name = 'networking_vpp_taas_dashboard/index.html'
    page_title = 'Taps'

    def get_context_data(self, **kwargs):
        url = getattr(settings, 'NETWORKING_VPP_TAAS_DASHBOARD_URL', None)
        return dict(super().get_context_data(**kwargs), dashboard_url=url)


class TapFormView(forms.ModalFormView):
    template_name = 'networking_vpp_taas_dashboard/form.html'
    form_id = modal_id = 'tap_form'

    @property
    def kind(self):
        return self.kwargs['kind']

    def get_success_url(self):
        return '%s?tab=taps__%ss' % (reverse('horizon:project:taps:index'), self.kind)

    get_cancel_url = get_success_url

    def get_form(self, form_class=None):
        """What a form offers comes from the API and from Neutron: without it there is none."""
        try:
            return super().get_form(form_class)
        except Unauthorized:
            raise exceptions.NotAuthorized from None
        except Refused as refusal:
            messages.error(self.request, str(refusal))
            raise exceptions.Http302(self.get_success_url()) from refusal
        except Exception:  # of whichever client Horizon asks Neutron with
            exceptions.handle(self.request, 'Neutron does not list its ports.', redirect=self.get_success_url())


class CreateView(TapFormView):
    submit_label = 'Create'

    def get_form_class(self):
        return FORMS[self.kind]

    @property
    def submit_url(self):
        return reverse('horizon:project:taps:create', args=(self.kind,))

    @property
    def modal_header(self):
        return 'Create ' + self.kind.replace('_', ' ').title()

    page_title = modal_header


class UpdateView(TapFormView):
    form_class = UpdateTap
    submit_label = 'Save'

    def get_initial(self):
        shown = api.show(self.request, self.kind, self.kwargs['tap_id'])
        return {name: shown[name] for name in TEXTS}

    def get_form_kwargs(self):
        return dict(super().get_form_kwargs(), kind=self.kind, tap_id=self.kwargs['tap_id'])

    @property
    def submit_url(self):
        return reverse('horizon:project:taps:update', args=(self.kind, self.kwargs['tap_id']))

    @property
    def modal_header(self):
        return 'Edit ' + self.kind.replace('_', ' ').title()

    page_title = modal_header
