"""Adds the panel to Horizon: Project, Network, behind Horizon's own panels of that group."""
from networking_vpp_taas_dashboard.errors import Gone, Refused, Unauthorized

PANEL = 'taps'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'network'
ADD_PANEL = 'networking_vpp_taas_dashboard.panel.Taps'
ADD_INSTALLED_APPS = ['networking_vpp_taas_dashboard']
# What Horizon's own handling of errors makes of ours, as of those of its client libraries.
ADD_EXCEPTIONS = {'unauthorized': (Unauthorized,), 'not_found': (Gone,), 'recoverable': (Refused,)}
