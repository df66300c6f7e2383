/**
 * A value as networking-vpp signs it: written by its own `jwt_agent.py` (20.09, with PyJWT 2) with the key and the authority of
 * its unit tests, whose certificate is of `etcd2` and valid from March 2017 to March 2027.
 */
export const signedByNetworkingVpp = {
  key: '/networking-vpp/nodes/compute-1/ports/00000000-0000-4000-8000-000000000001',
  jwt: [
    'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ2ZXJzaW9uIjoxLCJ2YWx1ZSI6eyJtYWNfYWRkcmVzcyI6ImZhOjE2OjNlOjA',
    'wOjAwOjAxIiwibXR1IjoxNTAwLCJwaHlzbmV0IjoicGh5c25ldDEiLCJuZXR3b3JrX3R5cGUiOiJ2bGFuIiwic2VnbWVudGF0aW9',
    'uX2lkIjoxMzEyLCJuZXR3b3JrX2lkIjoibiIsImJpbmRpbmdfdHlwZSI6InZob3N0dXNlciIsImZpeGVkX2lwcyI6W10sImFsbG9',
    '3ZWRfYWRkcmVzc19wYWlycyI6W10sInNlY3VyaXR5X2dyb3VwcyI6W10sInBvcnRfc2VjdXJpdHlfZW5hYmxlZCI6dHJ1ZX0sInB',
    'hdGgiOiIvbmV0d29ya2luZy12cHAvbm9kZXMvY29tcHV0ZS0xL3BvcnRzLzAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDA',
    'wMDAwMSJ9.CsEEN2PRmjSLOhOgs_FhAGLWnXcmQfwppf2QS6Ow2Bg3CHYka8s035aQxAQdJRv8DaLxqMBZFQs-WNC3qXx3RvW7qM',
    'rvn8yIVfpcay9lRpt4dRnAxwqHguIHDt-5R04dlQLarESDALYmpY3dpiZiuuAtTcuVhqCWQyc_VsBAVY3Va0yackYQn78nU6LRDI',
    '11027i2e5CVXNXCKtFd7GM6uKMc_Ft5rvpJ4RrTzbT4UfUm5g0ZdOw4uotRA3hYC1fdF88o_76BliWBsTr5Z_SE3TCL9UmSrx2uK',
    'ZdCEU_Qrpn3Ja9bzrzSDWGUr_p53YqbIuanC_CwI5azNjL_p42Vw',
  ].join(''),
  certificate: `-----BEGIN CERTIFICATE-----
MIIDUTCCAjmgAwIBAgIRAPsiF3EkqGBqrrywIRicwXwwDQYJKoZIhvcNAQELBQAw
GjEYMBYGA1UEAwwPb3BlbnN0YWNrLmxvY2FsMB4XDTE3MDMwNjA4MjM1N1oXDTI3
MDMwNDA4MjM1N1owEDEOMAwGA1UEAwwFZXRjZDIwggEiMA0GCSqGSIb3DQEBAQUA
A4IBDwAwggEKAoIBAQDODKLwFOB9UlWPx6BqvtdJiEDS3LGgBbpVCPbFfP0xjcGd
spJln0WuTwOt+JAzNQ5vSa1l42vkv2GbQfKhPLzEVX6bgfJ5bspT2AFxOLESTJyx
dgzqV8EeWVGSBhmm5i2iT8lKldb+0hJAW2Xc3ZRHSUcGAy69AsemeQhj/ovQHEfb
Vpeqsgm0FdWXptBy1a2fK05dq2juYW+69tJuO7FWKK9Tn1GmEAL927KvmIXOaUnQ
uTCUEtB+SwX//huJhKwbou2MhvDQ2CD9ERGkA008CgiySvQ5r8somUakzZALqBqY
L44UdxnPWIVJrKRqSh5AwbCT50rdcBJtzefChxHZAgMBAAGjgZswgZgwCQYDVR0T
BAIwADAdBgNVHQ4EFgQUMw41nL+BF62OHx2fkS9xZj4jK/owSgYDVR0jBEMwQYAU
dF/u4iWXkwkQOvxLzCBn324zpPuhHqQcMBoxGDAWBgNVBAMMD29wZW5zdGFjay5s
b2NhbIIJAOolbdKIMiGCMBMGA1UdJQQMMAoGCCsGAQUFBwMBMAsGA1UdDwQEAwIF
oDANBgkqhkiG9w0BAQsFAAOCAQEAdUE7IBPO5QR0yNlQaHND28MB9fa36LZQEBKt
Dfwh8UsmqNefH3FHq3Qv5s2b0ySvJ3ZLNu6mHkcBIk9+YEZ8TFE5RxG0VomTcV6k
KvMNvvz/m8u3lqUyFlYSwSMwc5g1I1hjKhIIL6m8GpAq+3iwM4JshBfc5n9HA5qd
RsZOyfpcZ2BGYX6gRuPr9XlLlUS4mMlfvflslTnZNeJKBUdAa9BUIOKtZsgfnpy0
Sq1SHrYvuNKrNOl1wusG/59uuX333jdOUPIuEJfcZ3AQjF9sJYFgpXlcX/ac+3ex
bGpL9V/LhazYKH9tI8GtiBTy6ADoo5tyQ6JLUqoONBH2IUt8IQ==
-----END CERTIFICATE-----
`,
  authority: `-----BEGIN CERTIFICATE-----
MIIDQTCCAimgAwIBAgIJAOolbdKIMiGCMA0GCSqGSIb3DQEBCwUAMBoxGDAWBgNV
BAMMD29wZW5zdGFjay5sb2NhbDAeFw0xNzAzMDYwNTQyMjVaFw0yNzAzMDQwNTQy
MjVaMBoxGDAWBgNVBAMMD29wZW5zdGFjay5sb2NhbDCCASIwDQYJKoZIhvcNAQEB
BQADggEPADCCAQoCggEBAKcIzk7LK4iA7J5uy6QUvmgK+FhbEK/h5jI1FYuWLYDp
L5L/CylmQsxhcOp0JYeMM0znuVPhf3mhoGKQsFaPgKVS3Vmx8mvAlq76AmaDZ/7W
J9u6yFICJDXktn00Gd3bbBuBj0JuaF/QOMulXlRY/4xO88zv3N5Po0uRgYG5Yz8s
DdNUaifXvdwKXkIXM1HMVXeBYqv/yp0YRUW+zTduoxPgxT5MkJ5JlYwuxjdmTk2k
y2lCHXCICZsSO70AP7cR5XjaEDlUsA4TF+nsoe2wjUDDiri5JzNvPE9M77JwbQo1
1p+qtjzugfsQ0pjkvwkW3n/+/pe/53c9ipjz+umiKtsCAwEAAaOBiTCBhjAdBgNV
HQ4EFgQUdF/u4iWXkwkQOvxLzCBn324zpPswSgYDVR0jBEMwQYAUdF/u4iWXkwkQ
OvxLzCBn324zpPuhHqQcMBoxGDAWBgNVBAMMD29wZW5zdGFjay5sb2NhbIIJAOol
bdKIMiGCMAwGA1UdEwQFMAMBAf8wCwYDVR0PBAQDAgEGMA0GCSqGSIb3DQEBCwUA
A4IBAQCW4PLX6jnOLTmY+6qXx8EL6vkXGzH9LO9X1Z0xSnkFgx7RfFYwZ60KuglO
bGP7+Mn5/7bQCXf/TBpZx+Qh4dl/b4wbAuaYRb4AYLw8mTkOumwQl1Pd+Ki7skx3
MawAGIbG+11nLHcbUcG9GaYZnH6vp6ycbU8T39FcYijSQbL2yEAfiutdljTrEiiU
RGm49ummHO37ggiZdXtwtUFfqHHJBM5AyNRe9/X/UmVbqZ/QpWVI9w5sUvXJZpiP
+0PI+ewIIgW2hjxN22oKqO/6B9UOThBeou0nBrniFmigUFEcOYk4Feh8TmAGgM/G
oLLwSxoCoUSnJdASkEE/SLRPcnLC
-----END CERTIFICATE-----`,
  value: {
    mac_address: 'fa:16:3e:00:00:01',
    mtu: 1500,
    physnet: 'physnet1',
    network_type: 'vlan',
    segmentation_id: 1312,
    network_id: 'n',
    binding_type: 'vhostuser',
    fixed_ips: [],
    allowed_address_pairs: [],
    security_groups: [],
    port_security_enabled: true,
  },
} as const;
