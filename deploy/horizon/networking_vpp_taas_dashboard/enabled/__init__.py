"""What Horizon reads: openstack_dashboard/enabled has these files."""
