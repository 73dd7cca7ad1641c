# pkg/core/standby.c: what another directory of this host left to maintenance is taken for its age
s/!lease_needs_proof(v) \&\& lease_is_past(p)/lease_is_past(p)/
